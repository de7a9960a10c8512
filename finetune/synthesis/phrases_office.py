# ruff: noqa: E501
"""Paraphrases of the fields of bank statements, letters and other papers of an office."""

from __future__ import annotations

Entry = tuple[str, str, str]

OFFICE_BANK: dict[str, dict[str, Entry]] = {
    "bank_statement": {
        "bank": (
            "bank|bank name|financial institution|issuing bank",
            "Name of the bank that issued the statement",
            "Which bank issued the statement?|What is the name of the bank?",
        ),
        "bank_address": (
            "bank address|branch address|address of the bank",
            "Address of the bank or branch",
            "Where is the bank?",
        ),
        "account_holder": (
            "account holder|customer|account name|account owner|name of account holder|customer name",
            "Name of the person or company who holds the account|Owner of the account",
            "Who is the account holder?|Whose account is it?|Who owns the account?",
        ),
        "holder_address": (
            "holder address|customer address|address of the account holder|mailing address",
            "Address of the account holder",
            "What is the address of the account holder?",
        ),
        "account_number": (
            "account number|account no|account|acct number|IBAN",
            "Number of the account|Account the statement is for",
            "What is the account number?|Which account is the statement for?",
        ),
        "iban": ("IBAN|international account number", "IBAN of the account", "What is the IBAN?"),
        "bic": (
            "BIC|SWIFT|swift code|sort code",
            "BIC or SWIFT code of the bank",
            "What is the BIC?",
        ),
        "currency": (
            "currency|account currency",
            "Currency of the account",
            "In which currency is the account?",
        ),
        "statement_number": (
            "statement number|statement no|sheet number",
            "Number of the statement",
            "What is the statement number?",
        ),
        "statement_date": (
            "statement date|date|date of issue|issue date",
            "Date on which the statement was made",
            "When was the statement issued?|What is the date of the statement?",
        ),
        "period_start": (
            "period start|from|statement period from|start date|beginning of period",
            "First day of the statement period|Start of the period the statement covers",
            "When does the statement period begin?|From which date does it run?",
        ),
        "period_end": (
            "period end|to|statement period to|end date|end of period",
            "Last day of the statement period|End of the period the statement covers",
            "When does the statement period end?|Until which date does it run?",
        ),
        "opening_balance": (
            "opening balance|balance brought forward|previous balance|starting balance|old balance|balance b/f",
            "Balance at the start of the period|Balance carried over from the previous statement",
            "What was the opening balance?|How much was on the account at the start?",
        ),
        "closing_balance": (
            "closing balance|ending balance|new balance|final balance|balance carried forward|balance at end",
            "Balance at the end of the period|New balance of the account",
            "What is the closing balance?|How much is on the account at the end?|What is the new balance?",
        ),
        "total_credits": (
            "total credits|total deposits|money in|deposits|total paid in",
            "Sum of all amounts paid in|Total of deposits and credits",
            "How much was paid in?|What are the total deposits?",
        ),
        "total_debits": (
            "total debits|total withdrawals|money out|withdrawals|total paid out",
            "Sum of all amounts paid out|Total of withdrawals and debits",
            "How much was paid out?|What are the total withdrawals?",
        ),
        "transactions[*].date": (
            "date|transaction date|posting date|booking date|value date",
            "Date of each transaction|Day the entry was booked",
            "What are the dates of the transactions?",
        ),
        "transactions[*].description": (
            "description|details|particulars|transaction text|payee|narrative",
            "Text of each transaction|What the entry was for",
            "What transactions are listed?|What are the entries for?",
        ),
        "transactions[*].amount": (
            "amount|transaction amount|debit or credit amount|value",
            "Amount of each transaction",
            "What are the amounts of the transactions?",
        ),
        "transactions[*].debit": (
            "debit|withdrawal|paid out|money out",
            "Amount taken from the account in each entry",
            "Which amounts were withdrawn?",
        ),
        "transactions[*].credit": (
            "credit|deposit|paid in|money in",
            "Amount paid in with each entry",
            "Which amounts were deposited?",
        ),
        "transactions[*].balance": (
            "balance|running balance|balance after transaction",
            "Balance after each transaction",
            "What were the balances after each entry?",
        ),
    },
    "letter": {
        "sender": (
            "sender|from|author|company|letterhead|writer's company",
            "Who sent the letter|Company or person that wrote the letter",
            "Who sent the letter?|Who wrote this?|Which company is the letter from?",
        ),
        "sender_address": (
            "sender address|return address|address of the sender",
            "Address of the sender",
            "Where was the letter sent from?|What is the address of the sender?",
        ),
        "recipient": (
            "recipient|addressee|to|receiver",
            "Person or company the letter is addressed to|Name of the addressee",
            "To whom is the letter addressed?|Who is the recipient?",
        ),
        "recipient_address": (
            "recipient address|address of the recipient|addressee's address|inside address",
            "Postal address of the addressee",
            "What is the address of the recipient?|Where was the letter sent to?",
        ),
        "date": (
            "date|letter date|date of the letter|dated",
            "Date of the letter|Day on which the letter was written",
            "When was the letter written?|What is the date of the letter?",
        ),
        "reference": (
            "reference|our ref|reference number|file reference|ref",
            "Reference number of the letter",
            "What is the reference?|Which reference number is given?",
        ),
        "subject": (
            "subject|re|regarding|topic|subject line|matter",
            "Subject line of the letter|What the letter is about",
            "What is the letter about?|What is the subject?",
        ),
        "signatory": (
            "signatory|signed by|author|name of signer|writer",
            "Name of the person who signed|Who signed the letter",
            "Who signed the letter?|By whom is it signed?",
        ),
        "signatory_title": (
            "signatory title|position|title of the signer|job title",
            "Position of the person who signed",
            "What is the position of the signer?|What is the job title of the author?",
        ),
        "phone": (
            "phone|telephone|phone number",
            "Telephone number in the letterhead",
            "What is the phone number?",
        ),
        "amount": (
            "amount|sum|amount mentioned|amount of money",
            "Amount of money the letter speaks of",
            "Which amount is mentioned?|How much money is it about?",
        ),
        "deadline": (
            "deadline|due date|reply by|latest date",
            "Date by which something has to be done",
            "What is the deadline?|By when is a reply expected?",
        ),
    },
    "memo": {
        "organization": (
            "organization|company|letterhead|organisation",
            "Company or institution named at the top",
            "Which company is it from?|What organization is named at the top?",
        ),
        "to": (
            "to|recipient|addressee|for|attention",
            "Person the memo is addressed to|Recipient of the message",
            "Who is the memo for?|To whom is it addressed?|Who receives the fax?",
        ),
        "from": (
            "from|sender|author|written by",
            "Person who wrote the memo|Sender of the message",
            "Who wrote the memo?|Who is it from?|Who sent the fax?",
        ),
        "cc": (
            "cc|copy to|copies|copied to",
            "Who gets a copy",
            "Who receives a copy?|Who is in copy?",
        ),
        "date": (
            "date|memo date|sent on|dated",
            "Date of the memo|Day it was sent",
            "When was it sent?|What is the date?",
        ),
        "subject": (
            "subject|re|regarding|topic",
            "What the memo is about|Subject line",
            "What is it about?|What is the subject?",
        ),
        "to_company": (
            "to company|recipient company|company|firm",
            "Company of the recipient",
            "Which company does the recipient work for?",
        ),
        "fax_number": (
            "fax number|fax|facsimile number|fax no",
            "Fax number of the recipient",
            "To which fax number was it sent?|What is the fax number?",
        ),
        "phone": (
            "phone|telephone|phone number|tel",
            "Telephone number",
            "What is the phone number?",
        ),
        "pages": (
            "pages|number of pages|page count|pages including cover",
            "Number of pages sent|How many pages the fax has",
            "How many pages were sent?|How many pages does the fax have?",
        ),
        "department": (
            "department|division|dept",
            "Department the memo is from",
            "Which department is it?",
        ),
    },
    "report": {
        "title": (
            "title|report title|heading|headline",
            "Title of the report|Main heading of the page",
            "What is the title?|What is the report called?",
        ),
        "author": (
            "author|authors|written by|prepared by",
            "Who wrote the report|Name of the author",
            "Who wrote the report?|Who is the author?",
        ),
        "date": (
            "date|report date|publication date|issued",
            "Date of the report",
            "When was the report published?|What is the date?",
        ),
        "organization": (
            "organization|publisher|institution|company",
            "Institution that published the report",
            "Who published the report?|Which institution is it from?",
        ),
        "report_number": (
            "report number|number|document number|project number",
            "Number of the report",
            "What is the report number?",
        ),
    },
}
