# ruff: noqa: E501
"""The paraphrase bank: for each field of each kind its names, descriptions and questions.

Entries are separated by ``|``. Descriptions of the shipped schemas are added when they are
read (``queries.phrases``).
"""

from __future__ import annotations

from finetune.synthesis.phrases_legal import LEGAL_BANK
from finetune.synthesis.phrases_medical import MEDICAL_BANK
from finetune.synthesis.phrases_office import OFFICE_BANK

Entry = tuple[str, str, str]

DOCUMENT_NAMES = {
    "receipt": ("receipt", "receipt", "bill", "sales slip", "ticket", "cash bill", "document"),
    "invoice": ("invoice", "invoice", "bill", "tax invoice", "document"),
    "bank_statement": ("bank statement", "statement", "account statement", "document"),
    "nda": (
        "agreement",
        "NDA",
        "confidentiality agreement",
        "contract",
        "non-disclosure agreement",
    ),
    "contract": ("contract", "agreement", "document"),
    "court_judgment": ("judgment", "court decision", "ruling", "opinion", "document"),
    "lab_report": ("lab report", "laboratory report", "test report", "blood test", "document"),
    "prescription": ("prescription", "script", "Rx", "document"),
    "discharge_summary": (
        "discharge summary",
        "hospital discharge letter",
        "medical report",
        "document",
    ),
    "letter": ("letter", "page", "document", "correspondence"),
    "memo": ("memo", "memorandum", "fax", "document", "note"),
    "report": ("report", "page", "document", "article"),
}

LINE_ITEMS: dict[str, Entry] = {
    "line_items[*].description": (
        "description|item|item name|product|article|goods|item description|product name|line item description",
        "Name of the product or service in the line|What was bought, as printed|Text describing each item|Description of the goods or services sold",
        "Which items were bought?|What products are listed?|What are the line items?|List the purchased items",
    ),
    "line_items[*].quantity": (
        "quantity|qty|units|count|number of units|pcs",
        "How many units of the item|Number of units bought, as printed|Quantity of each line",
        "What are the quantities?|How many of each item were bought?",
    ),
    "line_items[*].unit_price": (
        "unit price|price each|price per unit|rate|price|u/price",
        "Price of one unit|Price for a single unit of the item|Unit price of each line",
        "What are the unit prices?|How much does one unit cost?",
    ),
    "line_items[*].amount": (
        "amount|line total|line amount|item total|total price|extended price|net amount of the line",
        "Amount of the line, quantity times unit price|Price charged for the line|Total of each line item",
        "What are the line amounts?|How much was charged for each item?",
    ),
    "line_items[*].code": (
        "item code|sku|product code|article number|barcode|part number",
        "Code of the item|Article or product number of each line|Barcode printed for the item",
        "What are the item codes?|Which product codes are listed?",
    ),
}

RECEIPT: dict[str, Entry] = {
    "company": (
        "company|merchant|store|shop|seller|vendor|company name|store name|merchant name|business name|shop name|supplier|issuer|retailer",
        "Name of the shop or company that issued the receipt|Name of the merchant|The business that sold the goods, as printed at the top|Name of the seller without its registration number|Company that issued the receipt",
        "Who issued this receipt?|Which company issued the receipt?|Where was this bought?|What is the name of the store?|Which shop is this receipt from?|Name of the store?|At which shop was this purchase made?",
    ),
    "address": (
        "address|store address|company address|merchant address|shop address|location|seller address|postal address",
        "Address of the shop|Full postal address of the merchant|Street, postcode and city of the seller|Address of the company that issued the receipt|Where the store is located",
        "Where is the store located?|What is the address of the shop?|Where is this company located?|In which street is the shop?",
    ),
    "registration_number": (
        "registration number|company registration number|company no|co. reg. no|business registration number|ROC number",
        "Registration number of the company|Number of the seller in the company register",
        "What is the company registration number?|Under which number is the company registered?",
    ),
    "tax_id": (
        "tax id|GST number|VAT number|GST ID|GST registration number|tax registration number|vat id|tax number|tin",
        "Tax registration number of the seller|GST or VAT number of the merchant|Number under which the seller is registered for tax",
        "What is the GST number?|What is the VAT registration number of the shop?",
    ),
    "phone": (
        "phone|telephone|tel|phone number|telephone number|contact number|store phone",
        "Telephone number of the shop|Phone number of the merchant",
        "What is the phone number of the store?|How can the shop be reached by telephone?|Which number to call?",
    ),
    "fax": ("fax|fax number|facsimile", "Fax number of the shop", "What is the fax number?"),
    "receipt_number": (
        "receipt number|invoice number|bill number|document number|receipt no|transaction number|bill no|ticket number|invoice no|receipt id",
        "Number of the receipt or bill|Identifier of the transaction|Number that identifies the receipt",
        "What is the receipt number?|What is the bill number?|Which invoice number is on the receipt?",
    ),
    "date": (
        "date|receipt date|transaction date|purchase date|date of purchase|invoice date|sale date|bill date|issue date",
        "Date of the purchase|Day on which the receipt was issued|Date of the transaction, without the time|Date printed on the receipt|When the purchase was made",
        "When was this bought?|When was the receipt issued?|What is the date of the purchase?|On which day was the purchase made?|What day is the receipt from?",
    ),
    "time": (
        "time|time of purchase|transaction time|purchase time|clock time",
        "Time of the purchase|Clock time printed on the receipt|Time of day of the transaction",
        "At what time was this bought?|What time is printed on the receipt?|What time was it?",
    ),
    "cashier": (
        "cashier|cashier name|operator|served by|staff|server|salesperson|waiter",
        "Person who served the customer|Name or number of the cashier",
        "Who was the cashier?|Who served the customer?|Who was the operator?",
    ),
    "terminal": (
        "terminal|till|register|POS number|counter|pos no",
        "Number of the till",
        "Which till was used?|What is the POS number?",
    ),
    "table": (
        "table|table number|table no",
        "Number of the restaurant table",
        "Which table was it?|At which table did the guests sit?",
    ),
    "customer": (
        "customer|customer name|member|bill to|member name|sold to",
        "Name of the customer|Who bought the goods",
        "Who is the customer?|Who bought this?",
    ),
    "item_count": (
        "item count|number of items|total quantity|total qty|no of items",
        "Number of items bought|Sum of the quantities",
        "How many items were bought?|What is the total quantity?",
    ),
    "subtotal": (
        "subtotal|sub total|net amount|amount before tax|total excluding tax|total before tax|taxable amount|net total|total excl. GST",
        "Sum of the lines before tax and rounding|Amount before tax|Total excluding tax|Sum before discounts and taxes",
        "What is the subtotal?|How much was it before tax?|What is the total excluding GST?",
    ),
    "discount": (
        "discount|total discount|savings|rebate|voucher|promotion discount",
        "Discount taken off the bill|Amount deducted from the price|Reduction granted",
        "How much discount was given?|How much was saved?|Was there a discount?",
    ),
    "tax": (
        "tax|tax amount|GST|VAT|total GST|sales tax|GST amount|VAT amount|total tax|service tax",
        "Amount of tax|Tax contained in the total|GST or VAT charged|Total of all taxes",
        "How much tax was paid?|How much GST was charged?|What is the tax amount?|How much VAT is included?",
    ),
    "service_charge": (
        "service charge|service|service fee|svc charge|gratuity",
        "Charge for service|Service fee added to the bill",
        "How much is the service charge?",
    ),
    "tip": (
        "tip|gratuity|tip amount",
        "Tip given by the guest|Gratuity added to the bill",
        "How much was the tip?",
    ),
    "rounding": (
        "rounding|rounding adjustment|rounding amount|round adj",
        "Rounding adjustment|Amount by which the total was rounded",
        "What is the rounding adjustment?|By how much was it rounded?",
    ),
    "total": (
        "total|total amount|grand total|amount due|total due|amount payable|total to pay|net total|total price|amount to pay|total incl. tax|total sales inclusive of GST|bill total|final amount",
        "Total amount the customer pays|Amount to pay, tax included|Grand total of the receipt|Final amount due, after tax, discount and rounding|The amount payable|Total of the bill including all taxes",
        "What is the total?|How much was paid in total?|How much is the bill?|How much did the customer have to pay?|What is the final amount?|What is the total amount due?|How much did it cost?",
    ),
    "payment_method": (
        "payment method|payment type|paid by|tender|method of payment|payment mode|card type",
        "How the customer paid|Means of payment, such as cash or card",
        "How was it paid?|What payment method was used?|Was it paid in cash or by card?",
    ),
    "amount_paid": (
        "amount paid|cash|cash received|amount tendered|paid|tendered|cash tendered|payment",
        "Amount the customer handed over|Money given by the customer|Amount tendered",
        "How much cash was given?|How much did the customer hand over?|What amount was tendered?",
    ),
    "change": (
        "change|change due|cash change|change given|balance returned|change amount",
        "Change given back to the customer|Money returned to the customer",
        "How much change was given?|How much money did the customer get back?",
    ),
    "card_number": (
        "card number|card|card no|masked card number|last digits of card",
        "Number of the card, mostly masked|Card used for the payment",
        "Which card was used?|What are the last digits of the card?",
    ),
    "approval_code": (
        "approval code|auth code|authorization code|appr code",
        "Code of the card authorisation",
        "What is the approval code?",
    ),
    **LINE_ITEMS,
}

INVOICE: dict[str, Entry] = {
    "seller": (
        "seller|vendor|supplier|issuer|company|seller name|vendor name|supplier name|from|billed by|service provider|biller",
        "Name of the company that issued the invoice|Who sends the invoice|Name of the supplier|The business that wants to be paid",
        "Who issued the invoice?|Who is the seller?|Which company sent this invoice?|Who is the supplier?|Who has to be paid?",
    ),
    "seller_address": (
        "seller address|vendor address|supplier address|company address|issuer address|address of the seller",
        "Address of the company that issued the invoice|Postal address of the supplier",
        "What is the address of the seller?|Where is the supplier located?",
    ),
    "seller_tax_id": (
        "seller tax id|VAT number|tax number|GST number|VAT ID|supplier VAT number|EIN|tax id of the seller|USt-IdNr|ABN",
        "Tax or VAT number of the seller|VAT identification number of the company that issued the invoice",
        "What is the VAT number of the seller?|What is the supplier's tax number?",
    ),
    "seller_phone": (
        "seller phone|phone|telephone|phone number|tel",
        "Telephone number of the seller",
        "What is the phone number of the seller?",
    ),
    "seller_email": (
        "seller email|email|e-mail|email address",
        "E-mail address of the seller",
        "What is the e-mail address of the seller?",
    ),
    "buyer": (
        "buyer|customer|client|bill to|billed to|customer name|buyer name|invoice to|recipient|sold to|client name",
        "Name of the customer who is billed|Who receives the invoice|Name of the person or company that has to pay",
        "Who is billed?|Who is the customer?|To whom is the invoice addressed?|Who has to pay?|Who is the buyer?",
    ),
    "buyer_address": (
        "buyer address|billing address|customer address|bill to address|client address|address of the buyer",
        "Address of the customer|Billing address of the buyer|Where the invoice is sent",
        "What is the billing address?|Where does the customer live?|What is the address of the buyer?",
    ),
    "buyer_tax_id": (
        "buyer tax id|customer VAT number|VAT number of the buyer|customer tax id",
        "Tax number of the customer",
        "What is the VAT number of the buyer?",
    ),
    "ship_to": (
        "ship to|delivery recipient|deliver to|shipping name|consignee",
        "Name of whom the goods are delivered to",
        "To whom are the goods shipped?",
    ),
    "ship_to_address": (
        "ship to address|delivery address|shipping address",
        "Address where the goods are delivered",
        "Where are the goods delivered?|What is the delivery address?",
    ),
    "invoice_number": (
        "invoice number|invoice no|invoice id|bill number|number|document number|inv no|invoice reference|invoice #",
        "Number that identifies the invoice|Unique number of the invoice|Invoice number given by the seller",
        "What is the invoice number?|Which number does the invoice have?|What is the number of this bill?",
    ),
    "invoice_date": (
        "invoice date|date|issue date|date of issue|bill date|date of invoice|billing date|issued on",
        "Date on which the invoice was issued|Issue date of the invoice|Day the invoice is dated",
        "When was the invoice issued?|What is the invoice date?|What date is on the invoice?",
    ),
    "due_date": (
        "due date|payment due|payment due date|pay by|due on|date due|deadline for payment",
        "Date by which the invoice has to be paid|Last day for payment|When payment is due",
        "When is the payment due?|By when does it have to be paid?|Until when must the invoice be paid?",
    ),
    "delivery_date": (
        "delivery date|date of supply|service date|supply date|ship date",
        "Date of delivery of the goods or service",
        "When were the goods delivered?",
    ),
    "purchase_order": (
        "purchase order|PO number|order number|purchase order number|customer order no|PO|your order|order reference",
        "Number of the purchase order|Order number of the customer|Reference to the order of the buyer",
        "What is the purchase order number?|Which order does the invoice refer to?",
    ),
    "customer_number": (
        "customer number|customer id|account number|client number|customer no|account no",
        "Number of the customer at the seller",
        "What is the customer number?",
    ),
    "salesperson": (
        "salesperson|sales rep|contact person|your contact|account manager|clerk",
        "Person at the seller in charge",
        "Who is the salesperson?|Who is the contact person?",
    ),
    "currency": (
        "currency|currency code",
        "Currency of the amounts|Currency of the invoice, as printed",
        "In which currency is the invoice?|What currency is used?",
    ),
    "payment_terms": (
        "payment terms|terms|terms of payment|conditions of payment",
        "Conditions of payment, such as net 30 days|Terms for paying the invoice",
        "What are the payment terms?|How many days are there to pay?",
    ),
    "subtotal": RECEIPT["subtotal"],
    "discount": RECEIPT["discount"],
    "tax_rate": (
        "tax rate|VAT rate|tax percentage|GST rate|VAT %|rate of tax",
        "Rate of the tax in percent|Percentage of VAT or sales tax",
        "What is the tax rate?|What percentage of VAT is charged?",
    ),
    "tax": RECEIPT["tax"],
    "shipping": (
        "shipping|shipping cost|freight|delivery charge|shipping and handling|postage|carriage",
        "Charge for shipping|Cost of delivery added to the invoice",
        "How much is the shipping?|What are the shipping costs?",
    ),
    "total": (
        "total|total amount|grand total|invoice total|total incl. tax|gross amount|total due|amount payable|total price|gross total|invoice amount",
        "Total amount of the invoice, tax included|Gross amount to be paid|Grand total of the invoice|Final sum including tax",
        "What is the total of the invoice?|How much has to be paid?|What is the grand total?|How high is the invoice amount?|What is the total amount?",
    ),
    "amount_paid": (
        "amount paid|paid|deposit|paid to date|prepayment|payments received",
        "Amount already paid|Deposit that was received",
        "How much was already paid?",
    ),
    "amount_due": (
        "amount due|balance due|balance|outstanding amount|remaining balance|balance to pay",
        "Amount still to be paid|Balance after payments",
        "How much is still due?|What is the balance due?",
    ),
    "iban": (
        "IBAN|bank account|account number|bank account number|account no",
        "Bank account to pay to|IBAN of the seller",
        "What is the IBAN?|To which account should one pay?",
    ),
    "bic": (
        "BIC|SWIFT|swift code|BIC code",
        "BIC of the bank of the seller|SWIFT code of the bank",
        "What is the BIC?|What is the SWIFT code?",
    ),
    "bank": (
        "bank|bank name|name of the bank",
        "Name of the bank of the seller",
        "Which bank has the account?|What is the name of the bank?",
    ),
    **LINE_ITEMS,
}

BANK: dict[str, dict[str, Entry]] = {
    "receipt": RECEIPT,
    "invoice": INVOICE,
    **OFFICE_BANK,
    **LEGAL_BANK,
    **MEDICAL_BANK,
}
