# ruff: noqa: E501
"""Paraphrases of the fields of legal documents."""

from __future__ import annotations

Entry = tuple[str, str, str]

LEGAL_BANK: dict[str, dict[str, Entry]] = {
    "nda": {
        "parties[*]": (
            "party|parties|contracting parties|party name|names of the parties|companies|contractors",
            "Names of the parties of the agreement|Each person or company that is bound by the agreement|Who concludes the agreement|Parties to the non-disclosure agreement",
            "Who are the parties?|Between whom is the agreement made?|Which companies signed the agreement?|Who entered into this agreement?",
        ),
        "disclosing_party": (
            "disclosing party|discloser|owner of the information",
            "Party that discloses confidential information",
            "Who discloses the information?",
        ),
        "receiving_party": (
            "receiving party|recipient|receiver of the information",
            "Party that receives confidential information",
            "Who receives the information?",
        ),
        "jurisdiction": (
            "jurisdiction|governing law|applicable law|state law|law|governing jurisdiction",
            "State or country whose law governs the agreement|Law that governs the agreement|Under which state's laws the agreement is interpreted",
            "Which law governs the agreement?|Under the laws of which state?|What is the governing law?|Which jurisdiction applies?",
        ),
        "effective_date": (
            "effective date|date of agreement|start date|date|agreement date|commencement date|contract date",
            "Date on which the agreement takes effect|Date the agreement was made|Day from which the agreement is valid",
            "When does the agreement take effect?|When was the agreement made?|As of which date is the agreement effective?",
        ),
        "term": (
            "term|duration|confidentiality period|length of the agreement|period|time period|length of the obligation",
            "How long the agreement lasts|Duration of the confidentiality obligations|Period after which the obligations end",
            "How long does the agreement last?|How long must the information be kept confidential?|What is the term of the agreement?|For how many years does it apply?",
        ),
        "purpose": (
            "purpose|business purpose|subject",
            "Purpose for which information is disclosed",
            "For what purpose is information disclosed?",
        ),
    },
    "contract": {
        "title": (
            "title|contract title|kind of contract|agreement type|heading",
            "Title of the contract",
            "What kind of contract is it?|What is the title?",
        ),
        "contract_number": (
            "contract number|agreement number|contract no|reference",
            "Number of the contract",
            "What is the contract number?",
        ),
        "parties[*]": (
            "party|parties|contracting parties|names of the parties|companies",
            "Names of the parties of the contract|Who concludes the contract",
            "Who are the parties?|Between whom is the contract made?",
        ),
        "effective_date": (
            "effective date|start date|contract date|commencement date|date",
            "Date on which the contract takes effect|Day the contract was made",
            "When does the contract begin?|When was the contract made?",
        ),
        "end_date": (
            "end date|expiry date|expiration date|termination date|valid until",
            "Date on which the contract ends|Last day of the contract",
            "When does the contract end?|Until when is the contract valid?",
        ),
        "term": (
            "term|duration|length|contract period|initial term",
            "How long the contract lasts",
            "How long does the contract last?|What is the term?",
        ),
        "notice_period": (
            "notice period|notice|termination notice|period of notice",
            "Time of notice before the contract can be ended",
            "What is the notice period?|How much notice must be given?",
        ),
        "jurisdiction": (
            "jurisdiction|governing law|applicable law",
            "State or country whose law governs the contract",
            "Which law governs the contract?|What is the governing law?",
        ),
        "value": (
            "value|contract value|price|amount|fee|consideration|contract sum|rent|salary",
            "Amount to be paid under the contract|Price agreed in the contract",
            "How much is to be paid?|What is the contract price?|What is the value of the contract?",
        ),
        "payment_terms": (
            "payment terms|terms of payment|payment due",
            "When payments have to be made",
            "When must invoices be paid?|What are the payment terms?",
        ),
        "signatories[*]": (
            "signatory|signatories|signed by|signers",
            "People who signed the contract",
            "Who signed the contract?",
        ),
    },
    "court_judgment": {
        "court": (
            "court|court name|tribunal|name of the court",
            "Court that gave the judgment|Name of the court",
            "Which court decided?|What court gave the judgment?",
        ),
        "case_number": (
            "case number|docket number|case no|file number|suit no|citation",
            "Number of the case|Docket or file number",
            "What is the case number?|What is the docket number?",
        ),
        "case_name": (
            "case name|title of the case|caption|style of cause",
            "Name of the case, parties with v.",
            "What is the case called?",
        ),
        "plaintiffs[*]": (
            "plaintiff|plaintiffs|claimant|petitioner|appellant|applicant",
            "Party who brings the case|Name of the plaintiff or appellant",
            "Who is the plaintiff?|Who brought the case?|Who sued?",
        ),
        "defendants[*]": (
            "defendant|defendants|respondent|accused|appellee",
            "Party against whom the case is brought|Name of the defendant or respondent",
            "Who is the defendant?|Who was sued?|Against whom was the case brought?",
        ),
        "judges[*]": (
            "judge|judges|justice|before|presiding judge|coram",
            "Judge who decided|Names of the judges",
            "Who is the judge?|Which judges decided the case?|Before whom was the case heard?",
        ),
        "judgment_date": (
            "judgment date|decision date|date|date of judgment|decided on|date of decision|filed",
            "Date on which the judgment was given",
            "When was the judgment given?|When was the case decided?|What is the date of the decision?",
        ),
        "hearing_date": (
            "hearing date|date of hearing|heard on|argued",
            "Date of the hearing",
            "When was the hearing?|When was the case heard?",
        ),
        "outcome": (
            "outcome|decision|disposition|result|ruling|order",
            "What the court decided|Result of the case",
            "What did the court decide?|What was the outcome?|Was the appeal allowed?",
        ),
        "damages": (
            "damages|amount awarded|award|sum awarded|compensation",
            "Amount the court awarded",
            "How much was awarded?|What damages were awarded?",
        ),
        "costs": ("costs|legal costs|costs awarded", "Amount of costs", "How much are the costs?"),
        "plaintiff_counsel": (
            "plaintiff counsel|counsel for the plaintiff|attorney for plaintiff",
            "Lawyer of the plaintiff",
            "Who represented the plaintiff?",
        ),
        "defendant_counsel": (
            "defendant counsel|counsel for the defendant|attorney for defendant",
            "Lawyer of the defendant",
            "Who represented the defendant?",
        ),
    },
}
