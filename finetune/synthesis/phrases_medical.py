# ruff: noqa: E501
"""Paraphrases of the fields of medical documents."""

from __future__ import annotations

Entry = tuple[str, str, str]

_PATIENT: dict[str, Entry] = {
    "patient_name": (
        "patient name|patient|name|name of patient|patient's name",
        "Full name of the patient|Whom the document is about",
        "Who is the patient?|What is the name of the patient?",
    ),
    "patient_id": (
        "patient id|MRN|medical record number|patient number|hospital number|UHID",
        "Number of the patient|Medical record number",
        "What is the patient number?|What is the medical record number?",
    ),
    "date_of_birth": (
        "date of birth|DOB|birth date|born|patient date of birth",
        "Date of birth of the patient|Day the patient was born",
        "When was the patient born?|What is the patient's birthday?",
    ),
    "age": ("age|patient age|age of the patient", "Age of the patient", "How old is the patient?"),
    "sex": (
        "sex|gender|patient sex",
        "Sex of the patient",
        "What is the sex of the patient?|Is the patient male or female?",
    ),
}

MEDICAL_BANK: dict[str, dict[str, Entry]] = {
    "lab_report": {
        "laboratory": (
            "laboratory|lab|lab name|laboratory name|performed by",
            "Name of the laboratory",
            "Which laboratory did the tests?|Who performed the analysis?",
        ),
        "laboratory_address": (
            "laboratory address|lab address|address of the laboratory",
            "Address of the laboratory",
            "Where is the laboratory?",
        ),
        **_PATIENT,
        "physician": (
            "physician|doctor|referring doctor|ordered by|requested by|ordering physician",
            "Doctor who ordered the tests",
            "Who ordered the tests?|Who is the referring doctor?",
        ),
        "report_number": (
            "report number|lab number|accession number|sample id|lab no|specimen id",
            "Number of the report or sample",
            "What is the accession number?|What is the sample number?",
        ),
        "collection_date": (
            "collection date|date collected|sample date|collected on|drawn",
            "Date on which the sample was taken",
            "When was the sample taken?|When was the blood drawn?",
        ),
        "received_date": (
            "received date|date received|received",
            "Date on which the sample arrived",
            "When was the sample received?",
        ),
        "report_date": (
            "report date|reported on|date of report|date reported|date",
            "Date of the report",
            "When was the report issued?|What is the date of the report?",
        ),
        "specimen": (
            "specimen|sample type|specimen type|material",
            "Kind of sample, such as serum",
            "What kind of sample was tested?",
        ),
        "results[*].test": (
            "test|test name|analyte|parameter|investigation|examination",
            "Name of each test",
            "Which tests were done?|What was measured?",
        ),
        "results[*].value": (
            "value|result|measured value|test result|reading",
            "Measured value of each test|Result of the test",
            "What are the results?|What values were measured?",
        ),
        "results[*].unit": (
            "unit|units|unit of measurement",
            "Unit of each result",
            "What are the units?",
        ),
        "results[*].reference_range": (
            "reference range|normal range|reference interval|normal values|range",
            "Range of normal values of each test",
            "What are the normal ranges?",
        ),
        "results[*].flag": (
            "flag|abnormal flag|high or low|status",
            "Mark for results outside the range, H or L",
            "Which results are abnormal?",
        ),
    },
    "prescription": {
        "prescriber": (
            "prescriber|doctor|physician|prescribing doctor|prescribed by|doctor name",
            "Doctor who wrote the prescription",
            "Who prescribed it?|Who is the doctor?|Which doctor wrote the prescription?",
        ),
        "prescriber_license": (
            "prescriber license|registration number|license number|DEA number|NPI",
            "Licence or registration number of the doctor",
            "What is the doctor's licence number?",
        ),
        "clinic": (
            "clinic|hospital|practice|clinic name|facility",
            "Name of the clinic or practice",
            "Which clinic is it?|Where was it prescribed?",
        ),
        "clinic_address": (
            "clinic address|practice address|address of the clinic",
            "Address of the clinic",
            "Where is the clinic?",
        ),
        "phone": (
            "phone|telephone|clinic phone",
            "Telephone number of the clinic",
            "What is the phone number of the clinic?",
        ),
        **_PATIENT,
        "patient_address": (
            "patient address|address|address of the patient",
            "Address of the patient",
            "Where does the patient live?",
        ),
        "date": (
            "date|prescription date|date written|issued on",
            "Date of the prescription",
            "When was it prescribed?|What is the date of the prescription?",
        ),
        "diagnosis": (
            "diagnosis|condition|indication",
            "Diagnosis for which it is prescribed",
            "What is the diagnosis?|What is the patient treated for?",
        ),
        "medications[*].name": (
            "medication|medicine|drug|drug name|medication name|product",
            "Name of each medicine",
            "Which medicines are prescribed?|What drugs should be taken?",
        ),
        "medications[*].dose": (
            "dose|strength|dosage|dose strength",
            "Strength of each medicine",
            "What are the doses?|How strong is the medicine?",
        ),
        "medications[*].form": (
            "form|dosage form|pharmaceutical form",
            "Form of each medicine, such as tablet",
            "In which form is the medicine?",
        ),
        "medications[*].frequency": (
            "frequency|how often|directions|sig|instructions|schedule",
            "How often each medicine is taken|Directions for taking it",
            "How often should it be taken?|What are the directions?",
        ),
        "medications[*].duration": (
            "duration|days|length of treatment|for how long",
            "How long each medicine is taken",
            "For how long should it be taken?",
        ),
        "medications[*].quantity": (
            "quantity|dispense|number to dispense|amount to dispense|qty",
            "Quantity of each medicine to dispense",
            "How many should be dispensed?",
        ),
        "refills": (
            "refills|repeats|number of refills",
            "Number of refills allowed",
            "How many refills are allowed?",
        ),
    },
    "discharge_summary": {
        "hospital": (
            "hospital|hospital name|facility|institution",
            "Name of the hospital",
            "Which hospital was it?|Where was the patient treated?",
        ),
        "hospital_address": (
            "hospital address|address of the hospital",
            "Address of the hospital",
            "Where is the hospital?",
        ),
        **_PATIENT,
        "admission_date": (
            "admission date|date of admission|admitted|admitted on",
            "Date on which the patient was admitted",
            "When was the patient admitted?",
        ),
        "discharge_date": (
            "discharge date|date of discharge|discharged|discharged on",
            "Date on which the patient was discharged",
            "When was the patient discharged?|When did the patient leave the hospital?",
        ),
        "department": (
            "department|ward|service|unit",
            "Department or ward",
            "In which department was the patient?|Which ward?",
        ),
        "attending_physician": (
            "attending physician|attending|consultant|doctor|physician in charge",
            "Doctor in charge of the patient",
            "Who was the attending physician?|Which doctor treated the patient?",
        ),
        "diagnosis": (
            "diagnosis|principal diagnosis|primary diagnosis|main diagnosis|discharge diagnosis|final diagnosis",
            "Main diagnosis of the stay|Disease the patient was treated for",
            "What is the diagnosis?|What was the patient treated for?",
        ),
        "secondary_diagnoses[*]": (
            "secondary diagnoses|other diagnoses|comorbidities|secondary diagnosis",
            "Other diagnoses",
            "What other diagnoses are there?|Which comorbidities does the patient have?",
        ),
        "procedures[*]": (
            "procedures|procedure|operations|operation|surgery",
            "Procedures and operations done",
            "Which procedures were done?|What operation was performed?",
        ),
        "allergies": (
            "allergies|allergy|drug allergies",
            "Allergies of the patient",
            "What is the patient allergic to?|Are there any allergies?",
        ),
        "medications[*].name": (
            "medication|medicine|drug|discharge medication",
            "Name of each medicine at discharge",
            "Which medicines should the patient take?",
        ),
        "medications[*].dose": (
            "dose|strength|dosage",
            "Dose of each medicine",
            "What are the doses?",
        ),
        "medications[*].frequency": (
            "frequency|how often|directions",
            "How often each medicine is taken",
            "How often is each medicine taken?",
        ),
        "follow_up": (
            "follow up|follow-up|next appointment|follow up plan",
            "Plan or date of the follow-up",
            "When is the follow-up?|What is the follow-up plan?",
        ),
        "condition": (
            "condition|condition at discharge|discharge condition",
            "State of the patient at discharge",
            "What was the condition at discharge?",
        ),
    },
}
