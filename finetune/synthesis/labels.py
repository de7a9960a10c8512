# ruff: noqa: E501
"""Labels as receipts and invoices print them, by language; English where a language has none."""

from __future__ import annotations

import random

_EN = {
    "receipt_title": "TAX INVOICE|SIMPLIFIED TAX INVOICE|RECEIPT|SALES RECEIPT|CASH BILL|OFFICIAL RECEIPT|INVOICE|CASH SALES|-TAX INVOICE-|CASH RECEIPT|Bill|GUEST CHECK|Tax Invoice / Receipt|*** RECEIPT ***",
    "invoice_title": "INVOICE|Invoice|TAX INVOICE|Tax Invoice|COMMERCIAL INVOICE|SALES INVOICE|BILL|Statement of Charges|PROFORMA INVOICE|Service Invoice",
    "receipt_number": "Receipt No|Receipt #|Invoice No|Invoice No.|Bill No|Doc No.|Inv No|Trans No|Slip No|Ticket|Order No|Trx|Invoice #|RCPT#|Check #|Doc No|Bill#|Document No|INV",
    "date": "Date|DATE|Inv Date|Bill Date|Receipt Date|Trans Date|Dt|Date of Sale|Invoice Date|Order Date",
    "time": "Time|TIME|Time In|Tm|Print Time",
    "datetime": "Date|Date/Time|Date & Time|DATE|Printed|Trans Date",
    "cashier": "Cashier|Served by|Operator|Staff|Server|Salesperson|User|Sales Person|Your cashier today|Clerk|CASHIER ID",
    "terminal": "POS|POS No|Terminal|Till|Counter|Register|Station|REG#|Term",
    "table": "Table|Table No|TBL|Table #",
    "customer": "Customer|Member|Sold To|Bill To|M/S|Name|Cust",
    "subtotal": "Subtotal|Sub Total|SUB-TOTAL|Sub-total|Total (Excl. GST)|Total Excluding GST|Total Sales (Excluding GST)|Net Amount|Amount|Total Before Tax|Taxable Amount|Merchandise Total|Total Amount Excl",
    "discount": "Discount|Total Discount|Less Discount|Disc|Savings|Voucher|Promo Disc|Less|Member Discount|Item Discount",
    "service_charge": "Service Charge|Service Charge 10%|Svc Chg (10%)|SERVICE CHARGE 10%|Serv. Charge",
    "rounding": "Rounding|Rounding Adj|Rounding Adjustment|Round Adj|Rounding Adj.|ROUNDING|Rounded",
    "total": "TOTAL|Total|Grand Total|Total Amount|Total (Incl. GST)|Total Sales (Inclusive of GST)|Nett Total|NET TOTAL|Amount Due|Total RM|Total Payable|TOTAL DUE|Total Incl. GST@6%|Balance Due|Amount Payable|Total Sales|Total to Pay|TOTAL INCL. GST|Bill Total|TOTAL AMT|Total Rounded|Net Amt|TL|Round Amt|Final Total|Nett|Total Inclusive GST|TOTAL AFTER ROUNDING",
    "cash": "Cash|CASH|Cash Tendered|Amount Tendered|Cash Received|Payment|Paid|Tendered|Cash Paid|Amt Paid|PAID AMOUNT",
    "change": "Change|CHANGE|Change Due|Cash Change|Balance|Change Given|CHANGE RM|Chg",
    "item_count": "Total Qty|Item Count|Items|Total Items|No. of Items|Item(s)|QTY|TOTAL QUANTITY|Total Item|Number of items sold",
    "tax_id": "GST ID|GST No|GST Reg No|GST REG. NO|VAT No|VAT Reg No|Tax ID|GST ID No|GST Registration No|TIN|ABN|EIN|GSTIN",
    "registration": "Co. Reg. No|Co Reg No|Company No|ROC No|Reg No|Co.Reg|Company Reg No|Reg. No.|CO. NO",
    "phone": "Tel|TEL|Phone|Tel No|Tel.|Ph|T|Telephone|Contact|H/P|Call",
    "fax": "Fax|FAX|Fax No|F",
    "item": "Item|Description|Product|Particulars|ITEM|Desc|Item Description|Details|Service|Article|Product Name",
    "quantity": "Qty|QTY|Quantity|Units|Qty.|Hours|Pcs|Qnty",
    "unit_price": "Price|Unit Price|U/Price|Rate|U.Price|S/Price|Price Each|Each|Unit Cost|Price/Unit|U/P",
    "amount": "Amount|Total|AMT|Amount (RM)|Line Total|Total Price|Ext. Price|Amt|Net|Subtotal|Amount Due",
    "code": "Code|Item No|SKU|Item Code|Part No.|Art. No|Stock Code|Ref|Product ID",
    "invoice_number": "Invoice No|Invoice Number|Invoice #|Invoice No.|Inv. No.|Number|Bill No|INVOICE NO|No.|Invoice ID|Our invoice|Document No.",
    "invoice_date": "Date|Invoice Date|Date of Issue|Issue Date|Issued|Inv. Date|Billing Date|Bill Date|Tax Date|Date of Invoice|Dated",
    "due_date": "Due Date|Payment Due|Due|Pay by|Date Due|Payment due date|Due on|Please pay by",
    "delivery_date": "Delivery Date|Ship Date|Date of Supply|Service Date|Date Shipped|Supply date",
    "purchase_order": "P.O. No.|PO Number|PO #|Purchase Order|Your Order|Order No|Customer PO|P.O.#|Your Ref|Order Number|Order Ref",
    "customer_number": "Customer No|Customer ID|Account No|Client ID|Cust. No.|Account Number|Customer Number|A/C No",
    "salesperson": "Salesperson|Sales Rep|Your Contact|Contact|Rep|Account Manager|Handled by|Prepared by",
    "payment_terms": "Terms|Payment Terms|Terms of Payment|Payment",
    "currency": "Currency|Curr.|All amounts in",
    "buyer": "Bill To|Billed To|Invoice To|Customer|Sold To|To|Client|Attention|Buyer|BILL TO|Bill to:|Messrs",
    "ship_to": "Ship To|Deliver To|Delivery Address|Shipping Address|SHIP TO|Consignee",
    "seller": "From|Seller|Supplier|Remit To|Vendor|Exporter|Issued by",
    "shipping": "Shipping|Freight|Shipping & Handling|Delivery|Delivery Charge|Postage|Carriage|S&H",
    "tax_rate": "Tax Rate|VAT rate|Tax %|Rate",
    "amount_paid": "Amount Paid|Paid|Deposit|Paid to Date|Less Deposit|Payments/Credits|Payment received",
    "amount_due": "Amount Due|Balance Due|Balance|Outstanding|AMOUNT DUE|Balance to pay|Total Due",
    "iban": "IBAN|Account No|Account Number|A/C No.|Bank Account|Acc. No.",
    "bic": "BIC|SWIFT|SWIFT Code|BIC/SWIFT|Swift",
    "bank": "Bank|Bank Name|Bankers|Name of bank",
    "email": "Email|E-mail|E|Mail",
}
_DE = {
    "receipt_title": "Kassenbon|Quittung|Rechnung|Beleg", "invoice_title": "Rechnung|RECHNUNG|Rechnung / Lieferschein", "receipt_number": "Beleg-Nr.|Bon-Nr.|Rechnung Nr.|Quittung",
    "date": "Datum|Belegdatum", "time": "Uhrzeit|Zeit", "datetime": "Datum|Datum/Uhrzeit", "cashier": "Kasse bedient von|Bediener|Kassierer|Es bediente Sie", "terminal": "Kasse|Terminal", "table": "Tisch",
    "subtotal": "Zwischensumme|Netto|Nettobetrag|Summe netto|Zwischensumme netto|Gesamt netto", "discount": "Rabatt|Nachlass|Skonto", "total": "Summe|SUMME|Gesamtbetrag|Gesamt|Zu zahlen|Gesamtsumme|Total|Endbetrag|Rechnungsbetrag|Bruttobetrag|Summe EUR",
    "cash": "Bar|Gegeben|Gegeben bar|Bar EUR", "change": "Rückgeld|Zurück|Wechselgeld", "item_count": "Posten|Anzahl Artikel", "tax_id": "USt-IdNr.|USt-ID|Steuernummer|St.-Nr.|UID-Nr.", "registration": "HRB|Handelsregister|FN",
    "phone": "Tel.|Telefon|Tel", "fax": "Fax|Telefax", "item": "Bezeichnung|Artikel|Beschreibung|Leistung|Position", "quantity": "Menge|Anzahl|Stk.", "unit_price": "Einzelpreis|Preis|E-Preis|Preis/Einh.", "amount": "Betrag|Gesamt|Gesamtpreis|Summe|G-Preis", "code": "Art.-Nr.|Artikelnr.|Pos.",
    "invoice_number": "Rechnungsnr.|Rechnungsnummer|Rechnung Nr.|Rechnungs-Nr.|Belegnummer|Nr.", "invoice_date": "Rechnungsdatum|Datum|Belegdatum|vom", "due_date": "Fällig am|Zahlbar bis|Fälligkeit|Fälligkeitsdatum", "delivery_date": "Lieferdatum|Leistungsdatum|Leistungszeitraum",
    "purchase_order": "Bestellnummer|Ihre Bestellung|Auftragsnr.|Bestell-Nr.", "customer_number": "Kundennummer|Kundennr.|Kd.-Nr.", "salesperson": "Ansprechpartner|Sachbearbeiter|Ihr Ansprechpartner", "payment_terms": "Zahlungsbedingungen|Zahlungsziel", "buyer": "Rechnungsadresse|Kunde|An", "ship_to": "Lieferadresse|Lieferanschrift",
    "shipping": "Versandkosten|Versand|Porto|Fracht", "amount_paid": "Anzahlung|Bereits bezahlt", "amount_due": "Restbetrag|Offener Betrag|Zahlbetrag", "iban": "IBAN|Konto", "bic": "BIC|SWIFT", "bank": "Bank|Bankverbindung", "email": "E-Mail|Mail", "tax_rate": "MwSt.-Satz|Steuersatz", "currency": "Währung",
}
_FR = {
    "receipt_title": "TICKET|Ticket de caisse|Facture|Reçu", "invoice_title": "FACTURE|Facture|Facture proforma", "receipt_number": "Ticket N°|N° ticket|Facture n°", "date": "Date|Le", "time": "Heure|à", "datetime": "Date|Le", "cashier": "Caissier|Servi par|Vendeur|Hôte", "terminal": "Caisse", "table": "Table",
    "subtotal": "Sous-total|Total HT|Montant HT|Sous-total HT|Total H.T.", "discount": "Remise|Réduction|Rabais", "total": "TOTAL|Total TTC|Total à payer|Montant TTC|NET A PAYER|Net à payer|TOTAL TTC|A PAYER|Montant total", "cash": "Espèces|Reçu|Espèces reçues", "change": "Rendu|Monnaie|A rendre", "item_count": "Nb articles|Articles",
    "tax_id": "N° TVA|TVA intracom.|SIRET|N° TVA Intracommunautaire", "registration": "RCS|SIREN|R.C.S.", "phone": "Tél|Tél.|Téléphone", "fax": "Fax|Télécopie", "item": "Désignation|Article|Description|Libellé", "quantity": "Qté|Quantité|Nombre", "unit_price": "P.U. HT|Prix unitaire|PU|Prix", "amount": "Montant HT|Montant|Total|Total HT", "code": "Réf.|Référence|Code",
    "invoice_number": "Facture n°|N° de facture|Numéro de facture|Facture N°|Numéro", "invoice_date": "Date|Date de facture|Date de facturation|Date d'émission|Le", "due_date": "Échéance|Date d'échéance|À régler avant le|Payable le", "delivery_date": "Date de livraison|Date de prestation", "purchase_order": "N° de commande|Commande|Bon de commande|Votre commande", "customer_number": "N° client|Code client|Client n°",
    "salesperson": "Votre contact|Commercial|Interlocuteur", "payment_terms": "Conditions de paiement|Règlement|Modalités", "buyer": "Facturé à|Client|Adresse de facturation|Destinataire", "ship_to": "Livré à|Adresse de livraison", "shipping": "Frais de port|Livraison|Port", "amount_paid": "Acompte|Déjà payé", "amount_due": "Reste à payer|Solde|Solde dû", "iban": "IBAN", "bic": "BIC", "bank": "Banque|Domiciliation", "email": "E-mail|Courriel", "tax_rate": "Taux TVA", "currency": "Devise",
}
_ES = {
    "receipt_title": "TICKET|Factura simplificada|RECIBO", "invoice_title": "FACTURA|Factura", "receipt_number": "Nº ticket|Ticket|Factura", "date": "Fecha", "time": "Hora", "datetime": "Fecha|Fecha y hora", "cashier": "Cajero|Le atendió|Atendido por", "terminal": "Caja", "table": "Mesa", "subtotal": "Subtotal|Base imponible|Importe neto", "discount": "Descuento|Dto.", "total": "TOTAL|Total|Total a pagar|Importe total|TOTAL FACTURA|Total factura",
    "cash": "Efectivo|Entregado", "change": "Cambio|Devolución", "item_count": "Artículos|Unidades", "tax_id": "CIF|NIF|RFC|N.I.F.", "registration": "Reg. Mercantil|Registro", "phone": "Tel.|Teléfono|Tlf", "item": "Descripción|Concepto|Artículo|Producto", "quantity": "Cant.|Cantidad|Uds.", "unit_price": "Precio|P. unitario|Precio unit.", "amount": "Importe|Total", "code": "Ref.|Código|Referencia",
    "invoice_number": "Factura Nº|Nº de factura|Número de factura|Factura núm.", "invoice_date": "Fecha|Fecha de factura|Fecha de emisión", "due_date": "Vencimiento|Fecha de vencimiento", "delivery_date": "Fecha de entrega", "purchase_order": "Pedido|Nº de pedido", "customer_number": "Cliente Nº|Código cliente|Nº cliente", "payment_terms": "Forma de pago|Condiciones de pago", "buyer": "Facturar a|Cliente|Datos del cliente", "ship_to": "Enviar a|Dirección de envío", "shipping": "Gastos de envío|Portes|Envío", "amount_paid": "Pagado|Anticipo", "amount_due": "Pendiente|Saldo", "bank": "Banco", "email": "Correo|E-mail", "tax_rate": "% IVA", "currency": "Moneda",
}
_IT = {
    "receipt_title": "SCONTRINO|DOCUMENTO COMMERCIALE|RICEVUTA", "invoice_title": "FATTURA|Fattura", "receipt_number": "Scontrino n.|Doc. N.|N.", "date": "Data", "time": "Ora", "datetime": "Data|Del", "cashier": "Cassiere|Operatore", "terminal": "Cassa", "table": "Tavolo", "subtotal": "Subtotale|Imponibile|Totale imponibile", "discount": "Sconto", "total": "TOTALE|Totale|TOTALE COMPLESSIVO|Totale fattura|Totale da pagare|TOTALE EURO|Importo totale", "cash": "Contante|Contanti|Pagamento contante", "change": "Resto", "item_count": "Pezzi|Articoli",
    "tax_id": "P.IVA|Partita IVA|P. IVA", "registration": "REA|C.F.", "phone": "Tel.|Telefono", "item": "Descrizione|Articolo", "quantity": "Q.tà|Quantità", "unit_price": "Prezzo|Prezzo unit.", "amount": "Importo|Totale", "code": "Codice|Cod.", "invoice_number": "Fattura n.|Numero fattura|N. fattura", "invoice_date": "Data|Data fattura|del", "due_date": "Scadenza|Data scadenza", "purchase_order": "Ordine|Vs. ordine|N. ordine", "customer_number": "Cod. cliente|Codice cliente", "payment_terms": "Pagamento|Condizioni di pagamento", "buyer": "Spett.le|Cliente|Destinatario|Fatturare a", "ship_to": "Destinazione merce|Luogo di consegna", "shipping": "Spese di spedizione|Trasporto", "amount_paid": "Acconto", "amount_due": "Saldo|Netto a pagare", "bank": "Banca", "currency": "Valuta",
}
_NL = {
    "receipt_title": "KASSABON|Bon|Kwitantie", "invoice_title": "FACTUUR|Factuur", "receipt_number": "Bonnr|Bonnummer|Transactie", "date": "Datum", "time": "Tijd", "datetime": "Datum", "cashier": "Kassier|U bent geholpen door", "terminal": "Kassa", "table": "Tafel", "subtotal": "Subtotaal|Totaal excl. BTW|Exclusief BTW|Netto", "discount": "Korting", "total": "TOTAAL|Totaal|Te betalen|Totaal incl. BTW|Totaalbedrag|Te voldoen", "cash": "Contant|Ontvangen", "change": "Wisselgeld|Terug", "item_count": "Aantal artikelen", "tax_id": "BTW-nr|BTW nummer|BTW", "registration": "KvK|KvK-nummer", "phone": "Tel|Telefoon",
    "item": "Omschrijving|Artikel|Product", "quantity": "Aantal", "unit_price": "Prijs|Prijs per stuk|Stukprijs", "amount": "Bedrag|Totaal", "code": "Art.nr|Code", "invoice_number": "Factuurnummer|Factuurnr.", "invoice_date": "Factuurdatum|Datum", "due_date": "Vervaldatum|Te betalen voor", "purchase_order": "Ordernummer|Uw referentie|Bestelnummer", "customer_number": "Klantnummer|Debiteurnummer|Klantnr", "payment_terms": "Betalingstermijn|Betalingsvoorwaarden", "buyer": "Factuur aan|Klant|Aan", "ship_to": "Afleveradres", "shipping": "Verzendkosten", "bank": "Bank", "currency": "Valuta", "amount_due": "Openstaand bedrag|Nog te betalen",
}
_PT = {
    "receipt_title": "RECIBO|Talão|CUPOM FISCAL|Fatura simplificada", "invoice_title": "FATURA|Factura|NOTA FISCAL", "receipt_number": "Recibo Nº|Doc. Nº|Talão", "date": "Data|Emissão", "time": "Hora", "datetime": "Data", "cashier": "Operador|Caixa|Atendido por", "terminal": "Caixa|PDV", "table": "Mesa", "subtotal": "Subtotal|Total sem IVA|Incidência", "discount": "Desconto", "total": "TOTAL|Total|Total a pagar|TOTAL R$|Valor total|Total com IVA", "cash": "Dinheiro|Numerário|Valor pago", "change": "Troco", "item_count": "Qtd. total de itens|Artigos", "tax_id": "NIF|CNPJ|Contribuinte", "registration": "IE|Matrícula",
    "phone": "Tel.|Telefone|Fone", "item": "Descrição|Artigo|Produto|Designação", "quantity": "Qtd.|Quantidade|Qtde", "unit_price": "Preço|Preço unit.|Vl. unit.", "amount": "Valor|Total|Montante", "code": "Código|Ref.", "invoice_number": "Fatura Nº|Número da fatura|Nota nº", "invoice_date": "Data|Data de emissão|Emissão", "due_date": "Vencimento|Data de vencimento", "purchase_order": "Encomenda|Pedido nº", "customer_number": "Cliente nº|Cód. cliente", "payment_terms": "Condições de pagamento", "buyer": "Cliente|Faturar a|Exmo(s) Sr(s)", "ship_to": "Local de entrega", "shipping": "Portes|Frete", "bank": "Banco", "currency": "Moeda",
}
LABELS: dict[str, dict[str, tuple[str, ...]]] = {
    language: {key: tuple(block.split("|")) for key, block in table.items()}
    for language, table in {"en": _EN, "de": _DE, "fr": _FR, "es": _ES, "it": _IT, "nl": _NL, "pt": _PT}.items()
}  # fmt: skip


def label(rng: random.Random, key: str, language: str = "en") -> str:
    """A printed label for a key."""
    table = LABELS.get(language, LABELS["en"])
    return rng.choice(table.get(key) or LABELS["en"][key])
