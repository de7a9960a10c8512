"""One job from its lease to its result."""

from __future__ import annotations

from collections.abc import Callable

from docagent.agent import DocAgent
from docagent.document import Document, Frozen
from docagent.errors import DocAgentError
from docagent.forking import cached_property
from docagent.jobs.fingerprint import digest, fingerprint
from docagent.jobs.progress import Progress, StoppedError
from docagent.sources.scan import Scan, load
from docagent.store.jobs import split_options
from docagent.store.leases import Lease
from docagent.store.store import Library, Store
from docagent.store.types import Job, JobError
from docagent.verbs import VERBS, prepare_opening

READ = VERBS["read"]

Ended = Callable[[Job, Frozen], None]
"""Called with a job that ended, and its result or the JobError."""


class Runner:
    """Runs jobs with one agent. A document that was read once with the settings of the agent is
    not read again for the next verb."""

    def __init__(
        self,
        store: Store,
        agent: DocAgent,
        changed: Callable[[], None],
        ended: Ended | None = None,
    ) -> None:
        """changed: called after each change of a job, such as a page that was read. ended: called
        with each job that this runner ended, and its result or the error."""
        self._store = store
        self._agent = agent
        self.changed = changed
        self._ended = ended

    @cached_property
    def made_with(self) -> str:
        """Names the settings, weights and version that decide what is read from a page."""
        return digest(fingerprint(self._agent.settings, READ, READ.prepare({}), (), False))

    def run(self, lease: Lease, progress: Progress) -> None:
        """Run a job and write its end: the result, or why there is none.

        progress: of this lease. Raises StoppedError once it is stopped, and if the lease is over
        because the job was cancelled, deleted or given to another worker.
        """
        end: Frozen
        try:
            end = self._work(lease, progress)
            if not self._store.leases.finish(lease, end, progress.pages):
                raise StoppedError
        except DocAgentError as error:
            end = JobError(code=error.code, message=str(error), retryable=error.retryable)
            self._store.leases.fail(lease, end)
        self.changed()
        if self._ended is not None:
            self._ended(lease.job, end)

    def _work(self, lease: Lease, progress: Progress) -> Frozen:
        job = lease.job
        verb = VERBS[job.verb]
        given_opening, given = split_options(lease.options)
        options, opening = verb.prepare(given), prepare_opening(given_opening)
        # Whoever took the job has noted that it loads.
        library = self._store.library(job.owner)
        name = library.documents.get(job.document_id).name
        data = library.documents.content(job.document_id)
        scan = load(data, self._agent.settings, name or job.document_id, **opening)
        is_whole = opening["pages"] is None
        pages = len(self._read(library, scan, progress, is_whole).pages)
        progress.note("working", pages, pages)
        result: Frozen = verb.run(self._agent, scan, options)
        return result

    def _read(self, library: Library, scan: Scan, progress: Progress, is_whole: bool) -> Document:
        """Read the pages, or take them from the store. Pages that were chosen are not stored: the
        store has all pages of a document or none."""
        known = library.documents.reading(scan.id, self.made_with) if is_whole else None
        if known is not None:
            self._agent.remember(scan, known)
            return known
        document = self._agent.read(scan, lambda done, total: progress.note("reading", done, total))
        if is_whole:
            library.documents.save_reading(document, self.made_with)
        return document
