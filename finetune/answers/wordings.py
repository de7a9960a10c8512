"""Questions about the clauses of contracts: the wordings a kind is known by, and others that are
only measured and calibrated with."""

from __future__ import annotations

from finetune.reader.contract_queries import CONTRACT_QUERIES

SYNONYMS: dict[str, tuple[str, ...]] = {
    "Document Name": ("kind of contract", "type of agreement", "title of the document"),
    "Parties": ("who entered into the contract", "contracting persons and companies"),
    "Agreement Date": ("signing date", "dated", "when was the contract signed or executed"),
    "Effective Date": ("commencement date", "when does it start", "start of the contract"),
    "Expiration Date": ("expiry", "end date", "how long does the contract last or run"),
    "Renewal Term": ("renewed", "prolonged", "extension of the term", "evergreen"),
    "Notice Period To Terminate Renewal": ("notice to stop renewing", "period of notice"),
    "Governing Law": ("choice of law", "which state's law applies", "jurisdiction"),
    "Most Favored Nation": ("most favoured nation", "mfn", "best price guarantee"),
    "Competitive Restriction Exception": ("exceptions to the non-compete or exclusivity",),
    "Non-Compete": ("free to compete", "competing business", "work for competitors"),
    "Exclusivity": ("sole supplier", "deal with others", "exclusive distributor"),
    "No-Solicit Of Customers": ("lure away clients", "approach customers"),
    "No-Solicit Of Employees": ("poach staff", "recruit or hire personnel", "hire away workers"),
    "Non-Disparagement": ("speak badly of each other", "negative remarks"),
    "Termination For Convenience": ("terminate at will", "cancel without a reason", "end early"),
    "Rofr/Rofo/Rofn": ("rofr", "rofo", "first refusal", "first offer", "preemptive right"),
    "Change Of Control": ("company is sold or acquired", "takeover", "merger of a party"),
    "Anti-Assignment": ("transfer of the contract", "assign", "assignable", "hand over"),
    "Revenue/Profit Sharing": ("royalty", "commission", "share of profits or revenue"),
    "Price Restrictions": ("raise prices", "price increase", "limit on prices"),
    "Minimum Commitment": ("minimum quantity", "least amount to buy", "minimum order"),
    "Volume Restriction": ("maximum quantity", "usage cap", "limit on use or units"),
    "Ip Ownership Assignment": ("who owns inventions", "ownership of work product", "ip rights"),
    "Joint Ip Ownership": ("jointly owned", "joint ownership", "co-owned inventions"),
    "License Grant": ("grant of a licence", "licensed rights", "permission to use trademarks"),
    "Non-Transferable License": ("sublicense", "nontransferable", "licence passed on"),
    "Affiliate License-Licensor": ("licensor's affiliates", "affiliates of the licensor"),
    "Affiliate License-Licensee": ("licensee's affiliates", "subsidiaries may use the licence"),
    "Unlimited/All-You-Can-Eat-License": ("unlimited licence", "enterprise licence"),
    "Irrevocable Or Perpetual License": ("perpetual", "irrevocable", "licence for ever"),
    "Source Code Escrow": ("escrow", "source code deposited"),
    "Post-Termination Services": ("after termination", "once it ends", "wind down", "transition"),
    "Audit Rights": ("audit", "inspect the books and records", "examine accounts"),
    "Uncapped Liability": ("unlimited liability", "exclusions from the cap on liability"),
    "Cap On Liability": ("limited liability", "maximum damages", "liable for at most"),
    "Liquidated Damages": ("penalty", "fixed damages", "termination fee", "late fee"),
    "Warranty Duration": ("warranty period", "guarantee", "defects covered for how long"),
    "Insurance": ("insured", "coverage", "insurance policy", "certificate of insurance"),
    "Covenant Not To Sue": ("not to sue", "challenge the validity", "contest ownership"),
    "Third Party Beneficiary": ("outsiders enforce", "benefit of third parties"),
}
"""Further words for each field of CUAD, beside its name and CONTRACT_QUERIES."""

OTHER_WORDINGS: dict[str, tuple[str, ...]] = {
    "Document Name": ("What sort of document is this?", "How is the agreement titled?"),
    "Parties": ("Between which companies is this agreement?", "Who are the contracting parties?"),
    "Agreement Date": ("On which day was the agreement concluded?", "Date of signing"),
    "Effective Date": ("From which day is the contract binding?", "As of when is it effective?"),
    "Expiration Date": ("Until when does the agreement run?", "How long does the contract last?"),
    "Renewal Term": ("Does the agreement renew by itself?", "For how long is it extended?"),
    "Notice Period To Terminate Renewal": (
        "How many days before the end must one say that it shall not be renewed?",
        "What notice stops the automatic renewal?",
    ),
    "Governing Law": ("Whose laws apply to this agreement?", "Under what law is it construed?"),
    "Most Favored Nation": ("Is the customer promised the best price?", "Is there an MFN clause?"),
    "Competitive Restriction Exception": (
        "Are there exceptions to the exclusivity?",
        "When is competing allowed after all?",
    ),
    "Non-Compete": ("May the distributor sell competing products?", "Is competition forbidden?"),
    "Exclusivity": ("Is the supplier the exclusive one?", "Are exclusive rights given?"),
    "No-Solicit Of Customers": (
        "Are they allowed to solicit customers?",
        "May one party take over clients of the other?",
    ),
    "No-Solicit Of Employees": (
        "Is it forbidden to hire the other side's employees?",
        "Can staff be recruited?",
    ),
    "Non-Disparagement": ("Is disparaging the other side prohibited?", "May one criticise?"),
    "Termination For Convenience": (
        "Can one terminate for convenience?",
        "May a party cancel at any time?",
    ),
    "Rofr/Rofo/Rofn": (
        "Does anyone have a right of first refusal?",
        "Is there a first offer right?",
    ),
    "Change Of Control": ("What if a party is acquired?", "Does a change of control matter?"),
    "Anti-Assignment": ("Is assignment allowed?", "May a party assign its rights?"),
    "Revenue/Profit Sharing": ("How is revenue shared?", "What royalties are payable?"),
    "Price Restrictions": ("May prices be raised?", "Is there a limit on price increases?"),
    "Minimum Commitment": ("How much has to be bought at least?", "Is there a minimum order?"),
    "Volume Restriction": ("Is there a cap on the volume?", "What is the most that may be used?"),
    "Ip Ownership Assignment": (
        "To whom does the intellectual property belong?",
        "Who will own what is developed?",
    ),
    "Joint Ip Ownership": ("Is intellectual property jointly owned?", "What is owned by both?"),
    "License Grant": ("Which license is granted?", "What may the licensee use?"),
    "Non-Transferable License": ("Is the license non-transferable?", "May it be sublicensed?"),
    "Affiliate License-Licensor": (
        "Do the licensor's affiliates grant rights too?",
        "Is property of affiliates of the licensor licensed?",
    ),
    "Affiliate License-Licensee": (
        "Can the licensee's affiliates use the license?",
        "Are affiliates licensed too?",
    ),
    "Unlimited/All-You-Can-Eat-License": ("Is use unlimited?", "Is it an enterprise license?"),
    "Irrevocable Or Perpetual License": ("Is the license perpetual?", "Can it be revoked?"),
    "Source Code Escrow": ("Is the source code put in escrow?", "Who keeps the source code?"),
    "Post-Termination Services": (
        "What happens upon termination?",
        "What must be returned at the end?",
    ),
    "Audit Rights": ("Who may inspect the records?", "Is there a right of audit?"),
    "Uncapped Liability": ("When is liability not limited?", "Which liability is uncapped?"),
    "Cap On Liability": ("How far is a party liable?", "Is there a cap on damages?"),
    "Liquidated Damages": ("What penalty is due?", "Are liquidated damages agreed?"),
    "Warranty Duration": ("For how long is the product warranted?", "How long is the guarantee?"),
    "Insurance": ("Which insurance is required?", "Must they be insured?"),
    "Covenant Not To Sue": ("Is suing ruled out?", "May the validity of marks be contested?"),
    "Third Party Beneficiary": ("Do third parties have rights?", "Can outsiders enforce it?"),
}
"""Two other questions for each field. They are in no training, neither of the reader nor of the
clauses: answers are calibrated with them."""

OTHER_QUESTIONS = (
    "What is the phone number of the supplier?",
    "How many employees does the company have?",
    "Which bank account is payment made to?",
    "What colour is the packaging?",
    "Who is the chief executive officer?",
    "What is the weather like?",
    "What is the postal address for notices?",
    "When is interest paid?",
    "How are disputes resolved?",
    "Is force majeure dealt with?",
    "What is confidential information?",
    "Which currency are payments made in?",
)
"""Questions about other things than the fields: none of them may be taken for a field."""


def asked_as(kind: str) -> tuple[str, ...]:
    """The wordings a field of CUAD is known by."""
    name = kind.replace("/", " ").replace("Ip ", "Intellectual property ")
    # Who signs is not who the contract is between: the one is a person, the other a company.
    asked = [text for text in CONTRACT_QUERIES[kind] if kind != "Parties" or "sign" not in text]
    return tuple(dict.fromkeys((name, *asked, *SYNONYMS[kind])))
