# ruff: noqa: E501
"""Clauses, places and courts written for the project. ``{path}`` stands for a marked value."""

from __future__ import annotations

from finetune.synthesis.vocabulary import entries

STATES = entries(
    "Delaware, New York, California, Texas, Florida, Ohio, Nevada, Massachusetts, Illinois, Pennsylvania, New Jersey, Washington, Oregon, Connecticut, Georgia, Virginia, Michigan, Minnesota, Colorado, North Carolina, Maryland, Utah, Arizona, Indiana, Tennessee, Wisconsin, Missouri, Kentucky, Louisiana, Oklahoma, Iowa, Kansas, New Hampshire, Maine, Rhode Island, South Carolina, Alabama, Idaho"
)
COUNTRIES = entries(
    "England and Wales, Malaysia, Singapore, India, Germany, France, Ireland, Canada, Ontario, British Columbia, Switzerland, Israel, Hong Kong, Australia, New South Wales, Scotland, the Netherlands, Sweden, Bermuda, Japan"
)
ENTITY_TYPES = entries(
    "corporation, limited liability company, limited partnership, company, stock corporation, public limited company"
)
CITIES = entries(
    "San Francisco, New York City, Dallas, Wilmington, Boston, Chicago, Houston, Atlanta, Seattle, Denver, Columbus, Cleveland, Miami, London, Singapore, Kuala Lumpur, Toronto, Zurich, Munich"
)
NUMBERS = {
    1: "one",
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    10: "ten",
    12: "twelve",
    15: "fifteen",
    18: "eighteen",
    24: "twenty-four",
    30: "thirty",
    36: "thirty-six",
    60: "sixty",
    90: "ninety",
}
PURPOSES = entries(
    """evaluating a possible business combination|a potential acquisition of certain assets|exploring a joint venture|discussing a possible licensing arrangement|the development of a new product|
    the evaluation of the Company's software|a proposed research collaboration|the supply of components|considering a negotiated transaction|the provision of consulting services|a possible investment""",
    "|",
)
NDA_TITLES = entries(
    "CONFIDENTIALITY AGREEMENT|NON-DISCLOSURE AGREEMENT|MUTUAL NON-DISCLOSURE AGREEMENT|Confidentiality and Non-Disclosure Agreement|MUTUAL CONFIDENTIALITY AGREEMENT|EMPLOYEE CONFIDENTIALITY AGREEMENT|Non-Disclosure and Non-Use Agreement|PROPRIETARY INFORMATION AGREEMENT|UNILATERAL NONDISCLOSURE AGREEMENT",
    "|",
)
OPENINGS = entries(
    """This {title_words} (the "Agreement") is made and entered into as of {effective_date} (the "Effective Date") by and between {parties[0]}, {about0} ("{short0}"), and {parties[1]}, {about1} ("{short1}").|
    This {title_words} (this "Agreement"), dated as of {effective_date}, is between {parties[0]} ({short0}), {about0}, and {parties[1]} ({short1}), {about1}.|
    THIS AGREEMENT is entered into on {effective_date} between {parties[0]}, {about0} (hereinafter referred to as "{short0}"), and {parties[1]}, {about1} (hereinafter "{short1}").|
    In consideration of the mutual promises below, {parties[0]}, {about0} (the "{short0}"), and {parties[1]}, {about1} (the "{short1}"), agree as follows as of {effective_date}.|
    This Agreement is effective {effective_date} and is made between {parties[0]}, having its principal office at {place0} (the "{short0}"), and {parties[1]}, with offices at {place1} (the "{short1}").|
    As a condition of the undersigned becoming employed, or continuing to be engaged, by {parties[0]}, {about0} (together with its subsidiaries, the "{short0}"), {parties[1]} (the "{short1}") agrees, effective {effective_date}, to the following:""",
    "|",
)
RECITALS = entries(
    """WHEREAS, the parties wish to exchange certain information for the purpose of {purpose} (the "Purpose");|WHEREAS, {short0} possesses confidential information relating to its business, products and customers;|
    WHEREAS, {short1} wishes to receive such information in connection with {purpose}; and|NOW, THEREFORE, in consideration of the mutual covenants contained herein, the parties agree as follows:|
    The parties are engaged in discussions regarding {purpose}, and may disclose to each other information which they consider proprietary.""",
    "|",
)
NDA_CLAUSES: dict[str, tuple[str, ...]] = {
    "Definition of Confidential Information": entries(
        """"Confidential Information" means all information, whether written, oral or electronic, which is disclosed by one party (the "Disclosing Party") to the other (the "Receiving Party"), including without limitation trade secrets, know-how, formulas, drawings, customer lists, forecasts, prices and business plans.|
        For purposes of this Agreement, Confidential Information shall include all data, materials, products, technology, computer programs, specifications, manuals, software, marketing plans and financial information disclosed or submitted by {short0}.""",
        "|",
    ),
    "Obligations": entries(
        """The Receiving Party shall hold the Confidential Information in strict confidence, shall not disclose it to any third party without prior written consent and shall use it only for the purpose stated above. The Receiving Party shall limit access to those of its employees who have a need to know.|
        {short1} agrees to protect the Confidential Information with at least the same degree of care which it uses to protect its own information of like importance, but in no event less than reasonable care.""",
        "|",
    ),
    "Exclusions": entries(
        """The foregoing obligations shall not apply to information which (a) is or becomes publicly known through no wrongful act of the Receiving Party; (b) was already in its possession; (c) is rightfully received from a third party without restriction; or (d) is independently developed.|
        Confidential Information does not include information that is generally available to the public other than as a result of a breach of this Agreement.""",
        "|",
    ),
    "Required Disclosure": entries(
        """If the Receiving Party is required by law, regulation or court order to disclose any Confidential Information, it shall promptly notify the Disclosing Party so that a protective order may be sought.|
        A party may disclose Confidential Information to the extent required by subpoena, provided that it gives at least {days} days' notice where practicable.""",
        "|",
    ),
    "Return of Materials": entries(
        """Upon the written request of the Disclosing Party, the Receiving Party shall within {days} days return or destroy all documents containing Confidential Information and shall certify in writing that it has done so.|
        All materials furnished to {short1} remain the property of {short0} and shall be returned promptly upon request.""",
        "|",
    ),
    "No License": entries(
        """Nothing in this Agreement grants any right or license under any patent, copyright, trademark or other intellectual property of either party.|No rights are conveyed by this Agreement, and neither party is obliged to enter into any further agreement.""",
        "|",
    ),
    "Remedies": entries(
        """The parties acknowledge that monetary damages may not be a sufficient remedy for breach and that the non-breaching party shall be entitled to injunctive relief and specific performance.|
        {short1} agrees that any breach would cause irreparable harm for which {short0} may seek equitable relief without posting bond.""",
        "|",
    ),
    "No Warranty": entries(
        """All information is provided "as is". Neither party makes any representation as to its accuracy or completeness.""",
        "|",
    ),
    "Non-Solicitation": entries(
        """For a period of {other_term} from the date hereof, neither party shall solicit for employment any officer or key employee of the other party.|During the employment and for {other_term} thereafter, {short1} shall not compete with the business of {short0}.""",
        "|",
    ),
    "Assignment": entries(
        """This Agreement may not be assigned by either party without the prior written consent of the other and shall bind the successors of the parties.""",
        "|",
    ),
    "Entire Agreement": entries(
        """This Agreement constitutes the entire understanding of the parties and supersedes all prior agreements on its subject matter. It may be amended only in writing signed by both parties.""",
        "|",
    ),
    "Severability": entries(
        """If any provision is held invalid or unenforceable, the remaining provisions shall continue in full force and effect.""",
        "|",
    ),
    "Counterparts": entries(
        """This Agreement may be executed in two or more counterparts, each of which shall be deemed an original.|Facsimile signatures shall be treated as originals.""",
        "|",
    ),
    "Notices": entries(
        """All notices shall be in writing and delivered by hand, courier or registered mail to the addresses set out above.""",
        "|",
    ),
    "Waiver": entries(
        """No failure or delay in exercising any right shall operate as a waiver thereof.""", "|"
    ),
}
TERM_CLAUSES = entries(
    """The obligations of this Agreement shall continue for a period of {term} from the Effective Date.|This Agreement shall remain in effect for {term} after the date first written above.|
    The Receiving Party's duty to hold Confidential Information in confidence shall expire {term} after disclosure.|The term of this Agreement is {term}.|Unless terminated earlier, this Agreement expires {term} from the date hereof.|
    The confidentiality obligations shall survive for {term} following termination of the discussions.""",
    "|",
)
NOTICE_CLAUSES = entries(
    """Either party may terminate this Agreement upon {notice_period} prior written notice.|This Agreement may be terminated by either party on {notice_period} written notice to the other.""",
    "|",
)
EXPIRY_CLAUSES = entries(
    """This Agreement shall expire on {end}.|The Agreement terminates automatically on {end}, unless extended in writing.|It shall remain in force until {end}.""",
    "|",
)
LAW_CLAUSES = entries(
    """This Agreement shall be governed by and construed in accordance with the laws of {the_state}{jurisdiction}, without regard to its conflict of laws principles.|
    The validity and interpretation of this Agreement are governed by the laws of {the_state}{jurisdiction}.|This Agreement is governed by {jurisdiction} law.|The laws of {the_state}{jurisdiction} shall govern this Agreement.|
    This Agreement shall be interpreted under the internal laws of {the_state}{jurisdiction} applicable to contracts made and performed therein.""",
    "|",
)
FORUM_CLAUSES = entries(
    """The parties submit to the exclusive jurisdiction of {dispute_forum}.|Any dispute arising out of this Agreement shall be finally settled by {dispute_forum}.|All actions shall be brought in {dispute_forum}.""",
    "|",
)
FORUMS = entries(
    "the courts of {city}|the state and federal courts located in {city}|the Chamber of Commerce of {city}|the International Court of Arbitration in {city}|the district court of {city}",
    "|",
)
CONTRACT_TITLES = entries(
    "SERVICES AGREEMENT|CONSULTING AGREEMENT|SUPPLY AGREEMENT|LEASE AGREEMENT|EMPLOYMENT AGREEMENT|SOFTWARE LICENSE AGREEMENT|Master Services Agreement|DISTRIBUTION AGREEMENT|LOAN AGREEMENT|Maintenance Contract|CONSTRUCTION CONTRACT|PURCHASE AGREEMENT|Tenancy Agreement|Framework Agreement",
    "|",
)
ROLES: dict[str, tuple[str, str]] = {
    "SERVICES": ("Client", "Provider"),
    "CONSULTING": ("Company", "Consultant"),
    "SUPPLY": ("Buyer", "Supplier"),
    "LEASE": ("Landlord", "Tenant"),
    "EMPLOYMENT": ("Employer", "Employee"),
    "SOFTWARE": ("Licensor", "Licensee"),
    "DISTRIBUTION": ("Company", "Distributor"),
    "LOAN": ("Lender", "Borrower"),
    "TENANCY": ("Landlord", "Tenant"),
    "PURCHASE": ("Seller", "Purchaser"),
}
VALUE_CLAUSES = entries(
    """In consideration of the services, {short0} shall pay {short1} a total fee of {value}.|The contract price is {value}, exclusive of taxes.|{short0} agrees to pay the sum of {value} for the performance of this Agreement.|The total price payable under this Agreement amounts to {value}.""",
    "|",
)
PAYMENT_CLAUSES = entries(
    """Invoices are payable {payment_terms}.|Payment shall be made {payment_terms}.|All amounts are due {payment_terms}, failing which interest of {percent} per month shall accrue.""",
    "|",
)
PAYMENT_TERMS = entries(
    "within thirty (30) days of receipt of the invoice|within 14 days from the invoice date|in equal monthly instalments|on the first day of each month in advance|within sixty (60) days after delivery|upon completion of each milestone",
    "|",
)
RENEWAL_CLAUSES = entries(
    """Thereafter this Agreement shall renew automatically for successive periods of {renewal_term}.|Upon expiry it shall be prolonged by {renewal_term} unless notice is given.""",
    "|",
)
LIABILITY_CLAUSES = entries(
    """The aggregate liability of either party shall not exceed {liability_cap}.|In no event shall {short1} be liable for more than {liability_cap}.|Liability is limited to {liability_cap} per event.""",
    "|",
)
CONTRACT_CLAUSES: dict[str, tuple[str, ...]] = {
    "Scope of Services": entries(
        """{short1} shall perform the services described in Schedule A with due skill and care and in accordance with the specifications agreed by the parties.|{short1} shall deliver the goods listed in Annex 1 to the place named by {short0}, free of defects and fit for their purpose.""",
        "|",
    ),
    "Obligations of the Parties": entries(
        """{short0} shall provide all information, access and facilities reasonably required. {short1} shall comply with all applicable laws and shall keep proper records for at least {other_term}.""",
        "|",
    ),
    "Confidentiality": entries(
        """Each party shall keep confidential all information of the other which is marked as confidential, during this Agreement and for {other_term} thereafter.""",
        "|",
    ),
    "Intellectual Property": entries(
        """All rights in the work product shall vest in {short0} upon payment in full. {short1} retains its pre-existing tools and methods.""",
        "|",
    ),
    "Insurance": entries(
        """{short1} shall maintain public liability insurance of not less than {amount} for each occurrence throughout the term.""",
        "|",
    ),
    "Force Majeure": entries(
        """Neither party is liable for failure to perform caused by events beyond its reasonable control, provided that the other party is notified within {days} days.""",
        "|",
    ),
    "Independent Contractor": entries(
        """{short1} acts as an independent contractor; nothing herein creates a partnership or an employment relationship.""",
        "|",
    ),
    "Default": entries(
        """If a party commits a material breach and does not remedy it within {days} days of written notice, the other party may terminate this Agreement with immediate effect.""",
        "|",
    ),
    "Taxes": entries(
        """All prices are exclusive of value added tax, which shall be payable at the rate of {percent} where applicable.""",
        "|",
    ),
    "Deposit": entries(
        """A deposit of {amount} is payable on signature and will be credited against the final invoice.""",
        "|",
    ),
    "Deliverables": entries(
        """The deliverables shall be accepted in writing within {days} days of receipt, failing which they shall be deemed accepted.""",
        "|",
    ),
}
COURTS = entries(
    """IN THE HIGH COURT OF MALAYA AT KUALA LUMPUR|IN THE COURT OF APPEAL OF MALAYSIA|IN THE HIGH COURT OF THE REPUBLIC OF SINGAPORE|UNITED STATES DISTRICT COURT SOUTHERN DISTRICT OF NEW YORK|UNITED STATES DISTRICT COURT FOR THE DISTRICT OF DELAWARE|
    SUPREME COURT OF THE STATE OF OHIO|IN THE SUPREME COURT OF INDIA|IN THE HIGH COURT OF JUDICATURE AT BOMBAY|IN THE HIGH COURT OF DELHI AT NEW DELHI|HIGH COURT OF JUSTICE QUEEN'S BENCH DIVISION|IN THE COURT OF APPEAL (CIVIL DIVISION)|
    UNITED STATES COURT OF APPEALS FOR THE NINTH CIRCUIT|SUPERIOR COURT OF CALIFORNIA COUNTY OF ORANGE|FEDERAL COURT OF AUSTRALIA|SUPREME COURT OF NEW SOUTH WALES|ONTARIO SUPERIOR COURT OF JUSTICE|COURT OF CHANCERY OF THE STATE OF DELAWARE|DISTRICT COURT OF HARRIS COUNTY, TEXAS|MAGISTRATES COURT OF PETALING JAYA|Employment Tribunal at Leeds""",
    "|",
)
SIDES = (
    ("Plaintiff", "Defendant"),
    ("Plaintiff", "Defendant"),
    ("Appellant", "Respondent"),
    ("Petitioner", "Respondent"),
    ("Claimant", "Defendant"),
    ("Applicant", "Respondent"),
)
OUTCOMES = entries(
    "The appeal is dismissed|The appeal is allowed|Judgment is entered for the plaintiff|The claim is dismissed with costs|The motion for summary judgment is granted|The petition is denied|The application is allowed in part|The judgment of the lower court is affirmed|The case is remanded for further proceedings|The motion to dismiss is denied",
    "|",
)
JUDGMENT_TEXTS = entries(
    """This is an action for breach of contract arising out of an agreement made on {past} for the supply of goods. The {side0} contends that the goods were not delivered in accordance with the terms agreed.|
    The facts are not seriously in dispute. On {past} the {side1} issued a notice of termination, alleging that payments of {amount} had not been made when due.|Counsel submitted that the learned trial judge erred in law in holding that the limitation period of {other_term} had expired.|
    The {side1} denies liability and relies on the exclusion clause contained in the contract. It was argued that the {side0} had waived its rights by accepting late performance.|Having considered the evidence of the witnesses and the documents exhibited, I find that the {side0} has proved its case on the balance of probabilities.|
    The burden of proof rests on the party who asserts. No evidence was led to contradict the statement of account.|In the circumstances the court must ask whether a reasonable person in the position of the parties would have understood the words in that sense.|
    The question for determination is whether the notice given by the {side1} was valid and, if so, what loss was suffered.|Upon review of the record, the evidence is sufficient to sustain the findings made below.""",
    "|",
)
