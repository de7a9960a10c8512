# ruff: noqa: E501
"""Tests with units and ranges, medicines, diagnoses, procedures and phrases of medical papers."""

from __future__ import annotations

from finetune.synthesis.vocabulary import entries

# name | unit | low | high | decimals
LAB_PANELS: dict[str, tuple[tuple[str, str, float, float, int], ...]] = {
    panel: tuple(
        (n, u, float(lo), float(hi), int(d))
        for n, u, lo, hi, d in (row.split("|") for row in entries(block, ";"))
    )
    for panel, block in {
        "HAEMATOLOGY": """Haemoglobin|g/dL|12.0|16.0|1; Hematocrit|%|36|48|1; WBC|10^9/L|4.0|11.0|1; RBC Count|10^12/L|3.8|5.8|2; Platelets|10^9/L|150|400|0; MCV|fL|80|100|1; MCH|pg|27|33|1; MCHC|g/dL|32|36|1; RDW|%|11.5|14.5|1;
            Neutrophils|%|40|75|1; Lymphocytes|%|20|45|1; Monocytes|%|2|10|1; Eosinophils|%|1|6|1; Basophils|%|0|2|1; ESR|mm/hr|0|20|0; Reticulocytes|%|0.5|2.5|1; MPV|fL|7.5|11.5|1""",
        "BIOCHEMISTRY": """Glucose, Fasting|mg/dL|70|99|0; Urea|mmol/L|2.5|7.8|1; Creatinine|mg/dL|0.6|1.2|2; eGFR|mL/min|60|120|0; Sodium|mmol/L|135|145|0; Potassium|mmol/L|3.5|5.1|1; Chloride|mmol/L|98|107|0; Calcium|mg/dL|8.6|10.3|1; Uric Acid|mg/dL|3.5|7.2|1;
            Magnesium|mg/dL|1.7|2.2|1; Phosphate|mmol/L|0.8|1.5|2; Bicarbonate|mmol/L|22|29|0; Albumin|g/dL|3.5|5.0|1; Total Protein|g/dL|6.4|8.3|1; HbA1c|%|4.0|5.6|1; C-Reactive Protein|mg/L|0|5|1; Ferritin|ng/mL|30|400|0; Iron|µg/dL|60|170|0; BUN|mg/dL|7|20|0""",
        "LIVER FUNCTION TEST": """Bilirubin Total|mg/dL|0.2|1.2|1; Bilirubin Direct|mg/dL|0.0|0.3|2; ALT (SGPT)|U/L|7|56|0; AST (SGOT)|U/L|10|40|0; Alkaline Phosphatase|U/L|44|147|0; Gamma GT|U/L|8|61|0; LDH|U/L|140|280|0; Globulin|g/dL|2.0|3.5|1""",
        "LIPID PROFILE": """Total Cholesterol|mg/dL|125|200|0; HDL Cholesterol|mg/dL|40|60|0; LDL Cholesterol|mg/dL|50|130|0; Triglycerides|mg/dL|35|150|0; VLDL|mg/dL|5|40|0; Non-HDL Cholesterol|mg/dL|80|160|0""",
        "THYROID": """TSH|mIU/L|0.4|4.0|2; Free T4|ng/dL|0.8|1.8|2; Free T3|pg/mL|2.3|4.2|1; Anti-TPO|IU/mL|0|34|1""",
        "COAGULATION": """Prothrombin Time|sec|11.0|13.5|1; INR||0.8|1.1|1; APTT|sec|25|35|1; Fibrinogen|g/L|2.0|4.0|1; D-Dimer|ng/mL|0|500|0""",
        "URINALYSIS": """Specific Gravity||1.005|1.030|3; pH||4.5|8.0|1; Urine Protein|mg/dL|0|14|0; Urobilinogen|mg/dL|0.1|1.0|1; Microalbumin|mg/L|0|20|1""",
        "VITAMINS": """Vitamin D (25-OH)|ng/mL|30|100|1; Vitamin B12|pg/mL|200|900|0; Folate|ng/mL|4.0|20.0|1; PSA Total|ng/mL|0.0|4.0|2; Testosterone|ng/dL|300|1000|0; Cortisol AM|µg/dL|5|25|1""",
    }.items()
}
SPECIMENS = entries(
    "Serum, Whole blood, Blood, Plasma, EDTA blood, Urine, Venous blood, Serum / EDTA, Random urine, Sodium citrate plasma"
)
# name | strengths | form
MEDICINES: tuple[tuple[str, tuple[str, ...], str], ...] = tuple(
    (name, tuple(strengths.split("/")), form)
    for name, strengths, form in (
        row.split("|")
        for row in entries(
            """Amoxicillin|250 mg/500 mg|Capsule, Paracetamol|500 mg/650 mg|Tablet, Ibuprofen|200 mg/400 mg/600 mg|Tablet, Metformin|500 mg/850 mg/1000 mg|Tablet, Lisinopril|5 mg/10 mg/20 mg|Tablet, Amlodipine|5 mg/10 mg|Tablet,
            Atorvastatin|10 mg/20 mg/40 mg|Tablet, Simvastatin|20 mg/40 mg|Tablet, Omeprazole|20 mg/40 mg|Capsule, Pantoprazole|40 mg|Tablet, Losartan|50 mg/100 mg|Tablet, Metoprolol|25 mg/50 mg|Tablet, Bisoprolol|2.5 mg/5 mg|Tablet,
            Furosemide|20 mg/40 mg|Tablet, Hydrochlorothiazide|12.5 mg/25 mg|Tablet, Warfarin|2 mg/5 mg|Tablet, Clopidogrel|75 mg|Tablet, Aspirin|81 mg/100 mg|Tablet, Levothyroxine|50 mcg/100 mcg|Tablet, Prednisolone|5 mg/20 mg|Tablet,
            Azithromycin|250 mg/500 mg|Tablet, Ciprofloxacin|250 mg/500 mg|Tablet, Doxycycline|100 mg|Capsule, Cefuroxime|250 mg/500 mg|Tablet, Co-amoxiclav|625 mg|Tablet, Salbutamol|100 mcg|Inhaler, Fluticasone|125 mcg|Inhaler,
            Cetirizine|10 mg|Tablet, Loratadine|10 mg|Tablet, Montelukast|10 mg|Tablet, Diazepam|2 mg/5 mg|Tablet, Sertraline|50 mg/100 mg|Tablet, Fluoxetine|20 mg|Capsule, Gabapentin|100 mg/300 mg|Capsule, Tramadol|50 mg|Capsule,
            Insulin Glargine|10 units/20 units|Injection, Enoxaparin|40 mg|Injection, Dextromethorphan|10 ml|Syrup, Lactulose|15 ml|Syrup, Ferrous Sulfate|200 mg|Tablet, Folic Acid|5 mg|Tablet, Vitamin D3|1000 IU|Capsule,
            Allopurinol|100 mg/300 mg|Tablet, Colchicine|0.5 mg|Tablet, Domperidone|10 mg|Tablet, Ranitidine|150 mg|Tablet, Spironolactone|25 mg|Tablet, Digoxin|0.125 mg|Tablet, Nitroglycerin|0.4 mg|Spray, Hydrocortisone|1%|Cream, Mupirocin|2%|Ointment"""
        )
    )
)
FREQUENCIES = entries(
    "once daily|twice daily|three times a day|every 8 hours|every 12 hours|every 6 hours as needed|at bedtime|in the morning|BD|TDS|OD|QID|1-0-1|1-1-1|0-0-1|one tablet daily|1 tab bid|take 1 capsule 3 times daily with food|2 tablets every 4-6 hours prn|one puff twice daily|q8h|apply twice daily|before meals",
    "|",
)
DURATIONS = entries(
    "5 days, 7 days, 10 days, 14 days, 1 month, 30 days, 2 weeks, 3 months, 6 weeks, x 7 days"
)
DIAGNOSES = entries(
    """Acute myocardial infarction|Community-acquired pneumonia|Type 2 diabetes mellitus|Essential hypertension|Acute appendicitis|Congestive heart failure|Urinary tract infection|Chronic obstructive pulmonary disease|
    Ischemic stroke|Cholelithiasis|Fracture of the left femur|Acute bronchitis|Iron deficiency anemia|Atrial fibrillation|Gastroenteritis|Acute pancreatitis|Cellulitis of the right leg|Deep vein thrombosis|Asthma exacerbation|Acute kidney injury|
    Hyperlipidemia|Hypothyroidism|Migraine|Osteoarthritis of the knee|Upper respiratory tract infection|Dengue fever|Gastroesophageal reflux disease|Allergic rhinitis|Lumbar disc herniation|Sepsis due to E. coli|Tonsillitis|Gout""",
    "|",
)
PROCEDURES = entries(
    "Laparoscopic appendectomy|Coronary angiography|Percutaneous coronary intervention|Open reduction and internal fixation|Cholecystectomy|CT of the chest|Colonoscopy|Echocardiography|Upper endoscopy|Total knee replacement|Lumbar puncture|Hemodialysis|Blood transfusion|MRI of the brain|Wound debridement",
    "|",
)
DEPARTMENTS = entries(
    "Internal Medicine, Cardiology, General Surgery, Orthopaedics, Neurology, Gastroenterology, Pulmonology, Nephrology, Ward 7B, Medical Ward, Paediatrics, Urology, Emergency Medicine"
)
ALLERGIES = entries(
    "Penicillin|None known|No known drug allergies|NKDA|Sulfa drugs|Peanuts, latex|Aspirin|Iodine contrast|Codeine",
    "|",
)
REASONS = entries(
    "chest pain on exertion|shortness of breath|fever and productive cough|abdominal pain for two days|right-sided weakness|fall at home|vomiting and dehydration|swelling of both legs|palpitations|worsening of known disease|severe headache",
    "|",
)
COURSES = entries(
    """On examination the patient was alert and afebrile with stable vital signs.|Laboratory results showed raised inflammatory markers.|The patient was treated with intravenous antibiotics and fluids.|Symptoms improved steadily over the following days.|
    An electrocardiogram showed sinus rhythm without acute changes.|Chest X-ray revealed an infiltrate in the right lower lobe.|The postoperative course was uneventful.|Medication was adjusted and well tolerated.|The patient was mobilised with physiotherapy.|Blood pressure was controlled before discharge.""",
    "|",
)
CONDITIONS = entries("Stable|Good|Improved|Satisfactory|Fair|stable, afebrile|Much improved", "|")
DESTINATIONS = entries(
    "Home|Home with nursing care|Rehabilitation centre|Nursing home|Transferred to another hospital|Skilled nursing facility",
    "|",
)
FOLLOW_UPS = entries(
    "Review in outpatient clinic in 2 weeks|Follow up with family doctor within 7 days|Cardiology clinic in 4 weeks|Suture removal in 10 days|Repeat blood tests in one month|Return at once if symptoms recur",
    "|",
)
COMMENTS = entries(
    "Results to be correlated clinically.|Sample slightly haemolysed.|Repeat test recommended.|Suggest follow-up in 3 months.|No abnormality detected.|Findings consistent with iron deficiency.|Fasting status not stated.",
    "|",
)
LAB_NAMES = entries(
    "Diagnostics, Medical Laboratory, Pathology, Clinical Laboratories, Lab Services, Diagnostic Centre, Labor, BioLab"
)
HOSPITAL_NAMES = entries(
    "General Hospital, Medical Centre, Hospital, University Hospital, Memorial Hospital, Clinic, Specialist Hospital, Klinikum, Community Hospital"
)
CLINIC_NAMES = entries(
    "Family Clinic, Medical Practice, Klinik, Health Centre, Surgery, Polyclinic, Medical Group, Dental Clinic, Primary Care"
)
