"""Ways to ask for the 41 fields of CUAD (The Atticus Project, CC BY 4.0): names, descriptions and
questions in this project's own words."""

from __future__ import annotations

CONTRACT_QUERIES: dict[str, tuple[str, ...]] = {
    "Document Name": (
        "document name: Title of the contract",
        "title of the agreement",
        "What is the name of this contract?",
        "What is this agreement called?",
        "contract title",
        "What kind of agreement is this?",
    ),
    "Parties": (
        "parties: Persons and companies that sign the contract",
        "party: Person or company that enters into the contract",
        "names of the parties",
        "Who are the parties to this agreement?",
        "Between whom is the contract made?",
        "contracting parties",
        "Who signed this contract?",
    ),
    "Agreement Date": (
        "agreement date: Date of the contract",
        "date of the agreement",
        "When was the contract made?",
        "What is the date of this agreement?",
        "date signed",
        "On what date was this agreement entered into?",
        "contract date",
    ),
    "Effective Date": (
        "effective date: Date from which the contract takes effect",
        "effective date",
        "When does the contract take effect?",
        "When does this agreement become effective?",
        "start date: Date the contract begins",
        "From when is the agreement in force?",
    ),
    "Expiration Date": (
        "expiration date: Date the initial term ends",
        "When does the contract end?",
        "On what date does the initial term of the agreement expire?",
        "end of the term",
    ),
    "Renewal Term": (
        "renewal term: How the contract is renewed after the initial term",
        "Is the contract renewed automatically?",
        "automatic renewal",
        "What is the renewal term after the initial term expires?",
        "renewal period",
        "How can the term be extended?",
    ),
    "Notice Period To Terminate Renewal": (
        "notice period: Notice needed to stop the renewal",
        "notice period to terminate renewal",
        "How much notice must be given to prevent renewal?",
        "notice of non-renewal",
    ),
    "Governing Law": (
        "governing law clause",
        "choice of law provision",
        "governing law clause: What the contract says about the law that governs it",
        "Which clause deals with the applicable law?",
    ),
    "Most Favored Nation": (
        "most favored nation: Right to terms as good as those given to others",
        "Is there a most favored nation clause?",
        "most favoured customer pricing",
        "Must better terms given to a third party be offered too?",
    ),
    "Competitive Restriction Exception": (
        "competitive restriction exception: Exceptions to non-compete or exclusivity",
        "What is excepted from the non-compete?",
        "exceptions to exclusivity",
        "carve-outs from competitive restrictions",
    ),
    "Non-Compete": (
        "non compete: Restriction on competing with the other party",
        "Is there a non-compete clause?",
        "non-competition",
        "May a party compete with the other?",
        "restriction on competition",
    ),
    "Exclusivity": (
        "exclusivity: Obligation to deal only with the other party",
        "Is the arrangement exclusive?",
        "exclusive rights",
        "exclusive dealing",
        "Does a party get exclusivity?",
    ),
    "No-Solicit Of Customers": (
        "no solicit of customers: Restriction on soliciting customers",
        "May a party solicit the other's customers?",
        "non-solicitation of customers",
        "customer non-solicit",
    ),
    "No-Solicit Of Employees": (
        "no solicit of employees: Restriction on hiring the other party's employees",
        "May a party hire employees of the other?",
        "non-solicitation of employees",
        "employee non-solicit",
    ),
    "Non-Disparagement": (
        "non disparagement: Obligation not to speak ill of the other party",
        "Is there a non-disparagement clause?",
        "Must the parties refrain from disparaging each other?",
    ),
    "Termination For Convenience": (
        "termination for convenience: Right to end the contract without cause",
        "Can a party terminate without cause?",
        "termination without cause",
        "May the agreement be ended at any time by giving notice?",
    ),
    "Rofr/Rofo/Rofn": (
        "right of first refusal: Right of first refusal, offer or negotiation",
        "Is there a right of first refusal?",
        "right of first offer",
        "right of first negotiation",
    ),
    "Change Of Control": (
        "change of control: What happens when a party changes ownership",
        "What are the consequences of a change of control?",
        "change in ownership or merger",
        "May a party terminate upon change of control?",
    ),
    "Anti-Assignment": (
        "anti assignment: Whether consent is needed to assign the contract",
        "Can the contract be assigned?",
        "assignment clause",
        "Is consent required for assignment?",
        "restrictions on assignment",
        "May a party transfer its rights to a third party?",
    ),
    "Revenue/Profit Sharing": (
        "revenue profit sharing: Obligation to share revenue or profit",
        "Is there revenue or profit sharing?",
        "royalties and commissions",
        "What share of revenue is paid to the other party?",
    ),
    "Price Restrictions": (
        "price restrictions: Limits on raising or lowering prices",
        "Are there restrictions on prices?",
        "limits on price increases",
        "price cap",
    ),
    "Minimum Commitment": (
        "minimum commitment: Minimum order or amount that must be bought",
        "Is there a minimum purchase?",
        "minimum order quantity",
        "What is the minimum that must be purchased?",
        "minimum payment",
    ),
    "Volume Restriction": (
        "volume restriction: Limit or fee when use exceeds a threshold",
        "Is there a limit on volume?",
        "usage limits",
        "What happens if usage exceeds a threshold?",
    ),
    "Ip Ownership Assignment": (
        "ip ownership assignment: Intellectual property that passes to the other party",
        "Who owns the intellectual property created?",
        "assignment of intellectual property",
        "ownership of work product",
    ),
    "Joint Ip Ownership": (
        "joint ip ownership: Intellectual property owned together",
        "Is any intellectual property owned jointly?",
        "joint ownership of intellectual property",
    ),
    "License Grant": (
        "license grant: Licence one party gives to the other",
        "What licence is granted?",
        "license grant clause",
        "grant of rights",
        "What rights are licensed?",
    ),
    "Non-Transferable License": (
        "non transferable license: Limits on transferring the licence",
        "Is the licence transferable?",
        "non-transferable licence",
        "Can the licence be transferred or sublicensed?",
    ),
    "Affiliate License-Licensor": (
        "affiliate license licensor: Licence that includes affiliates of the licensor",
        "Does the licence cover intellectual property of the licensor's affiliates?",
    ),
    "Affiliate License-Licensee": (
        "affiliate license licensee: Licence that may be used by affiliates of the licensee",
        "May affiliates of the licensee use the licence?",
        "licence to affiliates",
    ),
    "Unlimited/All-You-Can-Eat-License": (
        "unlimited license: Licence for unlimited use",
        "Is there an enterprise or unlimited licence?",
        "unlimited usage licence",
    ),
    "Irrevocable Or Perpetual License": (
        "irrevocable or perpetual license: Licence that cannot be revoked or never ends",
        "Is a licence perpetual or irrevocable?",
        "perpetual licence",
    ),
    "Source Code Escrow": (
        "source code escrow: Source code deposited with a third party",
        "Is source code held in escrow?",
        "escrow of source code",
    ),
    "Post-Termination Services": (
        "post termination services: Obligations after the contract ends",
        "What must be done after termination?",
        "obligations upon termination",
        "wind-down and transition services",
    ),
    "Audit Rights": (
        "audit rights: Right to inspect books and records",
        "May a party audit the other's books?",
        "right to audit",
        "inspection of records",
    ),
    "Uncapped Liability": (
        "uncapped liability: Liability that is not limited",
        "For what is liability unlimited?",
        "exceptions to the limitation of liability",
        "unlimited liability",
    ),
    "Cap On Liability": (
        "cap on liability: Limit on what a party is liable for",
        "Is liability limited?",
        "limitation of liability",
        "What is the maximum liability?",
        "liability cap",
    ),
    "Liquidated Damages": (
        "liquidated damages: Sum payable upon breach or early termination",
        "Are there liquidated damages?",
        "termination fee",
        "What penalty is payable for breach?",
    ),
    "Warranty Duration": (
        "warranty duration: How long a warranty lasts",
        "How long is the warranty?",
        "warranty period",
        "duration of the warranty",
    ),
    "Insurance": (
        "insurance: Insurance a party must keep",
        "Is a party required to maintain insurance?",
        "insurance requirements",
        "What insurance must be carried?",
    ),
    "Covenant Not To Sue": (
        "covenant not to sue: Promise not to contest the other party's rights",
        "Is there a covenant not to sue?",
        "May a party challenge the other's intellectual property?",
    ),
    "Third Party Beneficiary": (
        "third party beneficiary: Somebody outside the contract who can enforce it",
        "Is there a third party beneficiary?",
        "third-party beneficiaries",
        "Can anyone other than the parties enforce this agreement?",
    ),
}

CLAUSE_TEMPLATES = (
    "What does the contract say about {n}?",
    "{n} clause",
    "Is there a provision on {n}?",
    "Which clause deals with {n}?",
    "Quote the clause on {n}",
)
"""Ways to ask for the clause on any field, by its name."""
NAME_TEMPLATES = ("{n}", "What is the {n}?")
"""Ways to ask for what a field's name says, whether that is a clause or a value."""

STATE_QUERIES = (
    "jurisdiction: State or country whose law governs the contract",
    "governing law: State or country whose law governs the contract",
    "governing law: Law of which state or country",
    "Under the laws of which state is the contract governed?",
    "Which law governs the agreement?",
    "Under which state's laws is the contract interpreted?",
    "governing law",
    "What is the governing law?",
    "governing state",
    "applicable law",
    "jurisdiction",
    "state of the governing law",
    "Which state's law applies?",
    "country or state of law",
)
"""Asked where CUAD's normalised value of Governing Law stands inside the clause."""
TERM_QUERIES = (
    "term: How long the contract lasts",
    "term: Duration of the agreement",
    "duration",
    "How long is the agreement valid?",
    "For how long does the contract last?",
    "length of the term",
    "term",
    "What is the term of the agreement?",
)
"""Asked where one duration stands in the clause on the end of the contract."""
NOTICE_QUERIES = (
    "notice period: How much notice is needed",
    "How many days of notice are needed to prevent renewal?",
    "length of notice",
    "How long before the end must a party give notice of non-renewal?",
)
"""Asked where one duration stands in the clause on notice of non-renewal."""
