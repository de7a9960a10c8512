# ruff: noqa: E501
"""Word lists written for the project: goods by trade, company words, form keys, places.

Each list is a block of text, one entry a line or separated by commas; ``entries`` splits it.
"""

from __future__ import annotations


def entries(block: str, separator: str = ",") -> tuple[str, ...]:
    """Split a block of text into its non-empty entries, stripped, line breaks as spaces."""
    return tuple(e for part in block.split(separator) if (e := " ".join(part.split())))


# Goods and services by trade: plain name, then low and high unit price.
GOODS: dict[str, tuple[tuple[str, ...], float, float]] = {
    "grocery": (
        entries("""
        Full Cream Milk 1L, Fresh Milk 2L, UHT Chocolate Milk, White Bread 400g, Wholemeal Loaf, Butter Unsalted 250g,
        Eggs Grade A 10s, Jasmine Rice 5kg, Basmati Rice 10kg, Spaghetti 500g, Instant Noodle Curry, Instant Noodle Chicken,
        Cooking Oil 5kg, Olive Oil 500ml, Soy Sauce 640ml, Oyster Sauce, Tomato Ketchup, Chili Sauce 340g, Brown Sugar 1kg,
        Table Salt, Plain Flour 1kg, Corn Flakes 275g, Rolled Oats, Peanut Butter Crunchy, Strawberry Jam, Honey 500g,
        Ground Coffee 200g, Coffee 3in1 25s, Green Tea 50 bags, Mineral Water 1.5L, Sparkling Water, Orange Juice 1L,
        Apple Juice, Cola Can 320ml, Beer Lager 6x330, Potato Chips BBQ, Cream Crackers, Digestive Biscuits, Wafer Choc,
        Dark Chocolate 70%, Mixed Nuts 150g, Bananas, Red Apple 4pk, Grapes Seedless kg, Carrots 1kg, Onion Big, Potatoes 2kg,
        Tomato Cherry, Cucumber, Broccoli, Spinach Baby 200g, Garlic 3s, Chicken Breast, Minced Beef 500g, Salmon Fillet,
        Prawn Frozen 1kg, Tofu Firm, Cheddar Cheese Slices, Mozzarella 200g, Greek Yoghurt, Ice Cream Vanilla 1.5L,
        Toilet Tissue 10R, Kitchen Towel 2s, Facial Tissue 4x, Dish Wash Lemon, Laundry Liquid 3L, Fabric Softener,
        Shampoo 340ml, Body Wash, Toothpaste 150g, Toothbrush Soft, Hand Soap Refill, Bin Liner L, Plastic Bag, Carrier Bag,
        Cat Food Tuna, Dog Biscuit, Baby Wipes 80s, Diapers M 62s, AA Battery 4s, Light Bulb 9W, Candles 12s"""),
        0.2,
        45,
    ),
    "hardware": (
        entries("""
        Basin Tap 1/2", Pillar Sink Tap, PVC Pipe 20mm x 3m, PVC Elbow 25mm, Ball Valve 3/4", Teflon Tape, Wood Screw 8x1-1/2,
        Drywall Screw 100pcs, Hex Bolt M8x40, Flat Washer M6, Nut M10, Wall Plug 6mm, Hammer Claw 16oz, Screwdriver Set 6pc,
        Adjustable Spanner 10", Plier Combination, Measuring Tape 5M, Spirit Level 24", Hacksaw Blade, Paint Brush 2", Roller 9",
        Emulsion Paint 5L White, Gloss Enamel 1L, Thinner 1L, Wood Glue 250ml, Silicone Sealant Clear, Epoxy AB, Cement 50kg,
        River Sand bag, Wire Mesh 3x6, GI Wire 1kg, Cable Tie 200mm, Extension Cord 3M, Switch 2G 1W, Socket 13A, LED Tube 4ft,
        Circuit Breaker 20A, Cable 2.5mm Black, Padlock 50mm, Door Hinge 4", Door Closer, Handle Lever Set, Wheel Castor 3",
        Rope Nylon 10mm, Tarpaulin 12x16, Safety Shoes, Cotton Gloves dz, Dust Mask N95, Drill Bit 6mm, Cutting Disc 4",
        Welding Rod 2.6mm, Sand Paper 120, Garden Hose 15m, Sprinkler Head, Water Tank 400L, Mop Set, Broom, Bucket 5 gal"""),
        0.5,
        180,
    ),
    "restaurant": (
        entries("""
        Nasi Lemak, Nasi Goreng Kampung, Mee Goreng Mamak, Roti Canai, Teh Tarik, Kopi O, Milo Ais, Char Kway Teow, Hainanese Chicken Rice,
        Claypot Chicken, Sweet & Sour Pork, Steamed Fish, Kailan Oyster Sauce, Tom Yam Seafood, Green Curry, Pad Thai, Fried Rice,
        Beef Rendang, Satay Ayam 10s, Laksa, Wantan Mee, Dim Sum Set, Har Gow, Salmon Sashimi, Chicken Katsu Don, Ramen Tonkotsu,
        Gyoza 5pc, Edamame, Margherita Pizza, Pepperoni Large, Spaghetti Carbonara, Lasagne, Caesar Salad, Mushroom Soup,
        Garlic Bread, Fish & Chips, Ribeye Steak 250g, Cheeseburger, Club Sandwich, French Fries, Onion Rings, Chicken Wings 6pc,
        Tiramisu, Cheesecake, Brownie w/ Ice Cream, Espresso, Cappuccino, Cafe Latte, Flat White, Iced Lemon Tea, Coke, Sprite,
        Mineral Water, Draft Beer Pint, House Red Wine, Mojito, Set Lunch A, Set B Noodles, Kids Meal, Buffet Adult, Wet Towel,
        Schnitzel mit Pommes, Currywurst, Apfelschorle, Croque Monsieur, Plat du Jour, Paella, Tapas Mixtas, Masala Dosa, Paneer Tikka,
        Butter Naan, Gulab Jamun, Veg Biryani, Lassi Sweet, Takeaway Box"""),
        0.8,
        60,
    ),
    "bakery": (
        entries("""
        Butter Croissant, Pain au Chocolat, Danish Apple, Sourdough Loaf, Baguette, Rye Bread, Burger Bun 6s, Hot Dog Bun, Cream Bun,
        Kaya Puff, Curry Puff, Egg Tart, Pineapple Tart, Swiss Roll, Chiffon Pandan, Cheese Tart, Muffin Blueberry, Doughnut Glazed,
        Birthday Cake 1kg, Red Velvet Slice, Eclair, Macaron Box 6, Cinnamon Roll, Pretzel, Brezel, Focaccia, Garlic Loaf, Tuna Bun,
        Sausage Roll, Walnut Bread, Raisin Loaf, White Toast, Original Classic, Bun Chocolate, Delicia Kaya, QB Butterscotch"""),
        0.6,
        40,
    ),
    "stationery": (
        entries("""
        A4 Paper 80gsm, Ball Pen Blue 0.7, Gel Pen Black, Pencil 2B 12s, Eraser, Sharpener, Ruler 30cm, Stapler HD-10, Staples No.10,
        Paper Clip 28mm, Binder Clip 32mm, Ring File 2D, Arch File 3", Clear Holder 20p, Envelope DL, Envelope 9x4, Sticky Note 3x3,
        Correction Tape, Glue Stick 21g, Scissors 8", Cutter Blade, Whiteboard Marker, Permanent Marker, Highlighter, Exercise Book 80p,
        Hard Cover F4, Receipt Book, Cash Voucher Pad, Rubber Stamp, Ink Pad, Calculator 12D, Laminating Film A4, Comb Binding,
        Photocopy A4, Print Colour A3, Photo Paper, Ink Cartridge Black, Toner 85A, USB Drive 32GB, Label 99x38, Tape Clear 1", Manila Card"""),
        0.1,
        90,
    ),
    "fuel": (
        entries(
            """Unleaded 95, RON95, RON97, Diesel, V-Power, Super E10, Premium 98, Euro 5 Diesel, LPG, Engine Oil 4L, Car Wash, Ice Tube"""
        ),
        1.4,
        3.2,
    ),
    "pharmacy": (
        entries("""
        Paracetamol 500mg 24s, Ibuprofen 200mg, Vitamin C 1000mg, Cough Syrup 100ml, Throat Lozenges, Antacid Tablets, Plaster 20s,
        Antiseptic Cream, Eye Drops 10ml, Nasal Spray, Face Mask 50s, Hand Sanitizer, Thermometer Digital, Fish Oil 100s, Zinc 30s,
        Sunscreen SPF50, Lip Balm, Moisturiser 200ml, Facial Cleanser, Cotton Buds, Sanitary Pads 16s, Contact Lens Solution,
        Multivitamin Kids, Glucosamine 60s, Probiotic, Gauze Roll, Bandage Crepe, Allergy Relief 10s, Blood Pressure Monitor"""),
        1.5,
        120,
    ),
    "clothing": (
        entries("""
        T-Shirt Cotton M, Polo Shirt L, Jeans Slim 32, Chino 34, Dress Floral S, Skirt Pleated, Blouse White, Jacket Denim, Hoodie Grey,
        Socks 3pk, Underwear 2s, Belt Leather, Scarf Wool, Cap Black, Sneakers 42, Sandals 38, School Shoes, Kids Tee 110, Pyjamas, Tie Navy,
        Baju Kurung, Tudung, Batik Shirt, Alteration Fee"""),
        2,
        160,
    ),
    "electronics": (
        entries("""
        USB-C Cable 1m, Wireless Mouse M185, Mechanical Keyboard, HDMI Cable 2m, Power Bank 10000, Phone Case, Screen Protector, Charger 20W,
        Earbuds BT5.0, Speaker Portable, SSD 500GB, RAM 8GB DDR4, Monitor 24" IPS, Laptop Stand, Webcam 1080p, Router AX1800, Switch 8 port,
        Printer MFP, Toner Black, LED Lamp, Fan 16", Kettle 1.7L, Rice Cooker 1.8L, Iron Steam, Blender, Extended Warranty 1yr"""),
        4,
        900,
    ),
    "services": (
        entries("""
        Consulting services, Website development, Monthly hosting, Domain renewal .com, Logo design, Copywriting 500 words, SEO audit,
        Annual maintenance contract, On-site installation, Labour charges, Call-out fee, Project management, Software licence (5 users),
        Cloud storage 1TB, Training workshop day 1, Translation EN-DE, Bookkeeping January, Legal advice, Notary fee, Photography session,
        Equipment rental, Office cleaning, Pest control, Waste disposal, Freight charges, Customs clearance, Courier delivery, Storage fee,
        Car service 10000km, Oil filter, Brake pads front, Wheel alignment, Tyre 195/65 R15, Haircut & wash, Massage 60 min, Room Deluxe 1 night,
        City tax, Airport transfer, Parking, Membership fee, Insurance premium, Printing flyers A5, Banner 3x6 ft, Electrical works, Painting works,
        Plumbing repair, Architect fees stage 2, Soil test, Survey report, Technical support (hours), Data entry, Recruitment fee"""),
        15,
        2500,
    ),
    "industrial": (
        entries("""
        Steel plate 6mm, Aluminium profile 40x40, Stainless pipe 2", Flange DN50, Gasket EPDM, Bearing 6204-2RS, V-belt A42, Hydraulic hose,
        Gear motor 0.75kW, Inverter 2.2kW, Pressure gauge 10 bar, Solenoid valve 24V, Proximity sensor M12, PLC module, Contactor 25A,
        Cable gland M20, Junction box IP65, Carton box 40x30x30, Stretch film 500mm, Wooden pallet EUR, Packing tape, Polypropylene resin,
        Epoxy coating 20L, Cleaning solvent, Lubricant ISO 68, Cutting fluid, Welding gas Argon, Safety helmet, Hi-vis vest, Forklift rental day,
        Machining part no. 4471, Casting GG25, Spring steel, O-ring 24x3, Filter element, Conveyor roller, Nozzle brass, Spare blade set"""),
        0.9,
        1400,
    ),
}

COMPANY_WORDS = entries("""
    Apex, Bright, Cedar, Delta, Eastern, Evergreen, Falcon, Fortune, Global, Golden, Grand, Harbour, Highland, Horizon, Imperial, Jade, Kinetic,
    Lion, Lotus, Maple, Metro, Nova, Oak, Ocean, Orchid, Pacific, Pearl, Phoenix, Pioneer, Prime, Quantum, River, Royal, Sapphire, Silver, Sky,
    Solid, Star, Summit, Sun, Swift, Titan, Trident, Union, United, Unity, Vertex, Victory, Vista, West, Wise, Zenith, Alpha, Beacon, Blue Ridge,
    Cascade, Clearwater, Crown, Diamond, Eagle, Ever, First, Gateway, Green Leaf, Heritage, Innova, Keystone, Liberty, Magna, Northgate, Omega,
    Pinnacle, Redwood, Sterling, Tri-Star, Ultra, Vanguard, Wellington, Xcel, York, Lucky, Happy, Good Taste, Old Town, New World""")
TRADES = {
    "grocery": entries(
        "Mart, Supermarket, Minimarket, Hypermarket, Fresh Market, Grocer, Foods, Provision, Cash & Carry, Convenience Store, Superstore"
    ),
    "hardware": entries(
        "Hardware, Hardware & Electrical, Machinery, DIY, Tools, Building Materials, Trading, Paint & Hardware, Home Centre, Timber"
    ),
    "restaurant": entries(
        "Restaurant, Cafe, Bistro, Kitchen, Kopitiam, Seafood, Grill, Bakery & Cafe, Noodle House, Pizza, Catering, Diner, Bar & Grill, Food Court"
    ),
    "bakery": entries(
        "Bakery, Bakeries, Cake House, Confectionery, Patisserie, Bread Shop, Pastry"
    ),
    "stationery": entries(
        "Stationery, Stationery & Books, Books, Bookstore, Paper Products, Printing, Office Supplies, Copy Centre"
    ),
    "fuel": entries(
        "Petrol Station, Service Station, Petroleum, Fuel Mart, Oil, Petrokiosk, Gas Station"
    ),
    "pharmacy": entries(
        "Pharmacy, Farmasi, Health & Beauty, Drugstore, Healthcare, Medical Hall, Chemist"
    ),
    "clothing": entries(
        "Fashion, Boutique, Apparel, Garments, Department Store, Textile, Shoes, Tailoring"
    ),
    "electronics": entries(
        "Electronics, Computers, IT Solutions, Digital, Telecom, Gadget, Electrical, Appliances"
    ),
    "services": entries(
        "Consulting, Services, Solutions, Holdings, Associates, Partners, Design, Media, Logistics, Engineering, Workshop, Auto, Hotel, Studio, Management"
    ),
    "industrial": entries(
        "Industries, Engineering, Manufacturing, Steel, Components, Packaging, Chemicals, Plastics, Industrial Supply, Machine Works, Technologies"
    ),
}

MALAY_ROADS = entries("""
    Jalan Besar, Jalan Mawar, Jalan Melati, Jalan Kenanga, Jalan Dato Onn, Jalan Tun Perak, Jalan Ampang Hilir, Jalan Kelapa, Jalan Durian,
    Jalan Perdana, Jalan Bukit Indah, Jalan Sentosa, Jalan Impian, Jalan Cempaka, Jalan Pahlawan, Jalan Industri, Jalan Utama, Jalan Selasih,
    Jalan Teratai, Jalan Anggerik, Jalan Rajawali, Jalan Merbok, Lorong Haji Abdullah, Lorong Seri Indah, Persiaran Kewajipan, Persiaran Barat,
    Lebuh Pantai, Lebuh Ampang, Jalan Pasar Baru, Jalan Sultan, Jalan Kuching, Jalan Gombak, Jalan Sungai Besi, Jalan Tanjung, Jalan Wawasan,
    Jalan Setia, Jalan Harmoni, Jalan Bestari, Jalan Meranti, Jalan Cengal, Jalan Permata, Jalan Nilam, Jalan Delima, Jln Kota, Jln Mahkota""")
MALAY_AREAS = entries("""
    Taman Melawati, Taman Sri Muda, Taman Desa Jaya, Taman Perling, Taman Molek, Taman Universiti, Taman Equine, Taman Kinrara, Taman Megah,
    Taman Tun Aminah, Taman Len Sen, Taman Putra Perdana, Bandar Baru Bangi, Bandar Sunway, Bandar Utama, Bandar Kinrara, Bandar Botanic,
    Kawasan Perindustrian Tebrau, Kawasan Perindustrian Bukit Raja, Kampung Baru, Kampung Pandan, Desa Petaling, Desa Cemerlang, Pusat Bandar,
    Seksyen 7, Seksyen 14, Seksyen U5, SS 2, SS15, Ara Jaya, Damansara Heights, Bukit Jelutong, Kota Kemuning, Mont Kiara, Sri Hartamas,
    Medan Niaga, Plaza Indah, Wisma Merdeka, Pusat Perniagaan Seri, Aman Suria, Mutiara Rini""")
MALAY_CITIES = tuple(
    tuple(line.split("|"))
    for line in entries("""
    50480|Kuala Lumpur|, 51200|Kuala Lumpur|, 52100|Kuala Lumpur|, 54200|Kuala Lumpur|, 55200|Kuala Lumpur|, 56000|Kuala Lumpur|, 57000|Kuala Lumpur|,
    58200|Kuala Lumpur|, 40100|Shah Alam|Selangor, 41050|Klang|Selangor, 41200|Klang|Selangor, 43000|Kajang|Selangor, 43200|Cheras|Selangor,
    43650|Bandar Baru Bangi|Selangor, 46000|Petaling Jaya|Selangor, 47300|Petaling Jaya|Selangor, 47500|Subang Jaya|Selangor, 47100|Puchong|Selangor,
    48000|Rawang|Selangor, 68000|Ampang|Selangor, 68100|Batu Caves|Selangor, 80000|Johor Bahru|Johor, 81200|Johor Bahru|Johor, 81300|Skudai|Johor,
    81700|Pasir Gudang|Johor, 84000|Muar|Johor, 83000|Batu Pahat|Johor, 86000|Kluang|Johor, 75000|Melaka|, 75450|Ayer Keroh|Melaka, 70200|Seremban|Negeri Sembilan,
    71800|Nilai|Negeri Sembilan, 10200|Georgetown|Pulau Pinang, 11900|Bayan Lepas|Penang, 14000|Bukit Mertajam|Pulau Pinang, 30000|Ipoh|Perak, 31400|Ipoh|Perak,
    34000|Taiping|Perak, 25000|Kuantan|Pahang, 05100|Alor Setar|Kedah, 08000|Sungai Petani|Kedah, 15000|Kota Bharu|Kelantan, 20000|Kuala Terengganu|Terengganu,
    88000|Kota Kinabalu|Sabah, 93350|Kuching|Sarawak, 98000|Miri|Sarawak""")
)
CHINESE_SURNAMES = entries(
    "Tan, Lim, Lee, Ng, Ong, Wong, Goh, Chua, Chan, Koh, Teo, Ang, Yeo, Tay, Ho, Low, Toh, Sim, Chong, Chia, Cheng, Lau, Yap, Foo, Liew, Khoo, Gan, Heng, Kwan, Loh, Yew, Hing, Sin"
)
CHINESE_GIVEN = entries(
    "Wei, Ming, Hui, Ling, Jia, Xin, Yi, Kah, Chee, Boon, Seng, Kok, Siew, Mei, Yee, Kim, Hock, Leong, Swee, Choon, Yong, Fatt, Hwa, Lan, Jun, Jie, Han, Ting, Shan, Wai, Keong, Hong, Guan, Soon, Teck"
)
MALAY_GIVEN = entries(
    "Ahmad, Muhammad, Nurul, Siti, Azman, Farah, Hafiz, Aisyah, Ismail, Zainab, Rahman, Faizal, Norhayati, Kamal, Rosli, Aminah, Syed, Zulkifli, Hassan, Nadia, Amir, Izzati, Rashid, Suhaila, Yusof, Mohd Faris, Noor Azlin"
)
INDIAN_GIVEN = entries(
    "Raj, Kumar, Priya, Anand, Lakshmi, Suresh, Devi, Muthu, Ganesh, Kavitha, Ravi, Shanti, Selvam, Vijay, Meena, Arun, Deepa, Mohan, Rekha, Siva, Balan, Nair, Pillai, Krishnan, Subramaniam"
)
SINGAPORE_ROADS = entries(
    "Orchard Road, Serangoon Road, Geylang Road, Bukit Timah Road, Tampines Ave 4, Ang Mo Kio Ave 3, Jurong East St 21, Toa Payoh Lorong 2, Bedok North St 1, Upper Thomson Road, North Bridge Road, Clementi Ave 5, Ubi Crescent, Kaki Bukit Place, Tuas South Ave 2, Shenton Way, Robinson Road, Yishun Ring Road, Woodlands Drive 14, Changi Business Park"
)

# Words and values for free key-value forms; "kind" decides what the value looks like.
FORM_QUALIFIERS = entries("""
    Batch, Lot, Brand, Shipper, Consignee, Carrier, Vessel, Customer, Client, Vendor, Supplier, Account, Policy, Claim, Project, Contract, Job, Work Order,
    Purchase Order, Invoice, Sales, Order, Delivery, Shipping, Billing, Store, Branch, Department, Division, Section, Plant, Warehouse, Machine, Equipment, Asset,
    Sample, Test, Specimen, Product, Item, Part, Model, Serial, Material, Package, Container, Seal, Truck, Driver, Vehicle, Engine, Chassis, Licence, Permit,
    Employee, Employer, Applicant, Student, Patient, Member, Guardian, Spouse, Contact, Emergency Contact, Supervisor, Manager, Officer, Agent, Broker, Buyer,
    Author, Editor, Reviewer, Requester, Originator, Recipient, Sender, Bank, Branch Bank, Payee, Tax, Budget, Cost Centre, Ledger, Voucher, Cheque, Receipt,
    Survey, Market, District, Region, Territory, Campaign, Media, Retail, Chain, Outlet, Event, Meeting, Course, Session, File, Document, Record, Case, Report,
    Authorization, Approval, Inspection, Calibration, Maintenance, Service, Repair, Warranty, Return, Quotation, Tender, Bid, Grant, Study, Protocol, Filter,
    Paper, Tobacco, Blend, Formula, Chemical, Compound, Solvent, Print, Job Site, Building, Room, Lease, Tenant, Landlord, Property, Title, Survey Plot""")
FORM_NOUNS: dict[str, tuple[str, ...]] = {
    "code": entries(
        "No, No., Number, #, Code, ID, Ref, Ref., Reference, Reference No., File No., Serial No., Reg. No., Key, Tag"
    ),
    "name": entries(
        "Name, Contact, Contact Person, Signed by, Prepared by, Approved by, Handled by, Representative, Attn"
    ),
    "date": entries(
        "Date, Start Date, End Date, Expiry, Expiry Date, Date Received, Date Issued, Due Date, Effective Date, Completed On"
    ),
    "place": entries("Location, City, Site, Origin, Destination, Place, Country, Office, State"),
    "phone": entries("Phone, Tel, Telephone, Fax, Fax No., Mobile, Extension, Tel. No."),
    "text": entries(
        "Type, Style, Status, Category, Class, Grade, Description, Condition, Method, Format, Mode, Purpose, Colour, Group, Source, Version"
    ),
    "amount": entries(
        "Amount, Cost, Fee, Value, Price, Total, Charges, Budget, Balance, Deposit, Limit, Rate"
    ),
    "quantity": entries(
        "Quantity, Qty, Count, Weight, Length, Size, Volume, Width, Height, Temperature, Pressure, Yield, Duration, Pages, Percent"
    ),
    "company": entries("Company, Organisation, Firm, Agency, Institution, Manufacturer"),
    "email": entries("Email, E-mail, E-Mail Address"),
}
PLAIN_KEYS: dict[str, tuple[str, ...]] = {
    "name": entries(
        "Name, Full Name, First Name, Last Name, Surname, To, From, Attention, cc, Submitted By, Requested By, Prepared By, Checked By, Witness, Initiated By, Operator, Inspector, Physician, Father's Name, Mother's Maiden Name, Next of Kin, Salesman, Originator, Investigator, Author(s), Received By, Authorized Signature, Print Name"
    ),
    "date": entries(
        "Date, Date of Birth, D.O.B., Birth Date, Today's Date, Hire Date, Date of Hire, Date Rec'd, Date Requested, Deadline, Target Date, Date Submitted, Departure Date, Return Date, Ship Date, Period From, Period To, Valid Until, Date of Report, Manufactured On, Best Before, Run Date, Test Date"
    ),
    "code": entries(
        "Reference, Our Ref, Your Ref, SSN, Social Security No., Passport No., NRIC, Zip Code, Postal Code, P.O. Box, Account #, Docket No., PO#, SKU, UPC, Routing No., Tax ID, EIN, VAT No., Page No., Form No., Control No., Tracking No., AWB No., B/L No., HS Code, Extension, Bates No., Box No., Cage Code"
    ),
    "place": entries(
        "City, State, Country, County, Nationality, Place of Birth, Port of Loading, Port of Discharge, Market, Territory, Region, District, Ship To, Delivered To, Made In, Country of Origin, Location, Station"
    ),
    "phone": entries(
        "Phone, Telephone, Tel, Fax, Fax Number, Home Phone, Work Phone, Cell, Daytime Phone, Business Telephone, Phone Number, Facsimile"
    ),
    "email": entries("Email, E-mail, Email Address, Website Contact"),
    "address": entries(
        "Address, Street Address, Mailing Address, Home Address, Business Address, Delivery Address, Permanent Address"
    ),
    "company": entries(
        "Company, Employer, Firm, Organization, Sponsor, Insurance Company, Supplier, Vendor, Client, Customer, Agency, Manufacturer, Shipper, Consignee, Carrier, School"
    ),
    "text": entries(
        "Subject, Re, Title, Occupation, Position, Job Title, Department, Brand, Product, Nature of Work, Type of Display, Reason, Purpose, Remarks, Comments, Gender, Sex, Marital Status, Blood Group, Allergies, Religion, Degree, Major, Condition, Payment Terms, Incoterms, Priority, Urgency, Medium, Objective, Schedule, Program, Method of Payment, Type of Sample, Colour, Style"
    ),
    "amount": entries(
        "Amount, Total, Total Cost, Estimated Cost, Unit Price, Gross Salary, Net Pay, Annual Income, Deposit, Balance, Fee, Budget, Total Budget, Actual Cost, Discount, Premium, Sum Insured, Rent, Cost per Unit, Grand Total, Coupon Value"
    ),
    "quantity": entries(
        "Quantity, Qty Ordered, Weight, Net Weight, Gross Weight, Height, Age, No. of Pages, Number of Pages, Pages (incl. cover), No. of Copies, Volume, Circulation, Population, Length, Circumference, Moisture, pH, Temperature, Speed, Number of Samples, Dependents, Years of Service, Mileage, Capacity, Carton Count, Distribution"
    ),
}
FORM_TEXTS = entries("""
    Full-time, Part-time, Permanent, Temporary, New, Renewal, Urgent, Routine, Normal, Approved, Pending, Rejected, In progress, Completed, Cancelled, On hold,
    Male, Female, Single, Married, Engineer, Accountant, Sales Manager, Teacher, Nurse, Technician, Director of Marketing, Research Assistant, Clerk, Purchasing,
    Quality Control, Human Resources, Finance, Marketing, Research & Development, Production, Legal, Logistics, Regular, King Size 100's, Menthol, Hard box, Soft pack,
    Glass, Plastic, Steel, Carton, Red, Blue, White, Dark green, Grade A, Class II, Category 3, Retail, Wholesale, Cash, Cheque, Bank transfer, Credit card, Net 30, COD,
    FOB Rotterdam, CIF Singapore, EXW, Air freight, Sea, By courier, Annual audit, Site visit, Product launch, Price increase, Meeting notes, Budget review 1998,
    Sample request, Change of address, Equipment failure, Lost baggage, Training, Conference, Medical leave, None, N/A, Not applicable, Yes, No, See attached, As above,
    Outdoor, Newspaper, Radio, Direct mail, Point of sale, Weekly, Monthly, Quarterly, First quarter, Spring promotion, Test market, High, Low, Medium, Good, Fair, Poor,
    Bachelor of Science, Chemistry, Biology, Statistical analysis, Gas chromatography, Visual inspection, Double blind, Random, Version 2.1, Draft, Final""")
UNITS = entries(
    "pcs, kg, g, lbs, mm, cm, m, in., %, ml, L, units, boxes, cartons, pages, hours, days, years, km, psi, °C, bags, rolls, sets, mg, tons"
)
SECTIONS = entries("""
    General Information, Personal Details, Contact Details, Shipment Details, Product Information, Payment, Project Description, Test Results, Approvals,
    For Office Use Only, Employment History, Declaration, Instructions, Comments, Cost Summary, Specifications, Section A, Section B, Part I, Part II, Schedule,
    Sample Information, Account Details, Applicant, Emergency Contact, Distribution, Summary, Remarks, Authorization, Delivery Information, Insurance""")
FORM_TITLES = entries("""
    Application Form, Request for Services, Purchase Requisition, Work Order, Expense Report, Travel Authorization, Sample Analysis Request, Inspection Report,
    Shipping Notice, Bill of Lading, Packing List, Delivery Note, Employee Data Sheet, Registration Form, Membership Application, Claim Form, Incident Report,
    Change Request, Quality Control Record, Test Report, Product Specification, Material Safety Summary, Media Authorization, Marketing Research Proposal, Bid Form,
    Competitive Activity Report, Retail Promotion Report, Project Status Sheet, Laboratory Worksheet, Calibration Certificate, Certificate of Analysis, Leave Request,
    Customer Complaint Record, Credit Application, Vendor Registration, Budget Authorization, Sales Call Report, Check Request, Customs Declaration, Insurance Proposal,
    Loan Application, Tenant Information Sheet, Visitor Log, Course Enrolment, Patient Registration, Consent Form, Change of Address, Survey Questionnaire""")
SENTENCE_SUBJECTS = entries(
    "The project team, Our department, The supplier, The committee, Each branch office, The customer, The laboratory, Management, The attached report, This proposal, The new schedule, The sample, A second shipment, The regional manager, The survey, Every participant, The contractor, Your account, The product, The board"
)
SENTENCE_VERBS = entries(
    "has reviewed, will require, should receive, has approved, is expected to complete, must return, confirmed, did not include, will prepare, has requested, recommends, can provide, reported, agreed to extend, may delay, will replace, has submitted, noted a change in, intends to test, analysed"
)
SENTENCE_OBJECTS = entries(
    "the final documents, all outstanding items, the revised budget, two additional samples, the delivery schedule, the test results, the signed contract, the requested information, a full refund, the shipment of parts, the quarterly figures, the inspection report, the marketing plan, new equipment, the payment terms, the original packaging, the consumer responses, a written explanation, the cost estimate, the safety procedures"
)
SENTENCE_TAILS = entries(
    "by the end of next week, before the meeting, as discussed by telephone, without further delay, in accordance with the agreement, during the second quarter, subject to approval, at no additional cost, for the period under review, within ten working days, as soon as possible, on behalf of the company, in the areas listed below, since the last report, until further notice, at the address above, for your records, in both regions, after the trial period, with immediate effect"
)
RECEIPT_FOOTERS = entries(
    """Thank you, please come again!|Goods sold are not returnable|Goods sold are not refundable or exchangeable|Thank you for shopping with us|
    Exchange allowed within 7 days with receipt|Please keep this receipt for exchange|No cash refund|Have a nice day|Thank you for your patronage|Price inclusive of GST|
    This is a computer generated receipt|Customer copy|Merchant copy|Follow us on Facebook|Save paper, save the earth|Served with love|Terima kasih, sila datang lagi|
    Items sold are non-refundable|We value your feedback|Join our membership today and save more|All prices include VAT|
    Warranty void if seal is broken|Please check your change before leaving|Hotline 1-300-88-2525|Powered by POS System v3.2|Tell us about your visit|
    Open daily 10am - 10pm|No signature required|Strictly no exchange for undergarments|Receipt required for all claims|Find us online""",
    "|",
)
FOREIGN_FOOTERS = {
    "de": entries(
        "Vielen Dank für Ihren Einkauf|Es bediente Sie Frau Weber|Umtausch nur mit Kassenbon|Auf Wiedersehen|Steuernummer siehe oben|Bitte beehren Sie uns bald wieder",
        "|",
    ),
    "fr": entries(
        "Merci de votre visite|A bientôt|Ticket à conserver|Ni repris ni échangé|Prix nets, service compris",
        "|",
    ),
    "es": entries(
        "Gracias por su compra|Gracias por su visita|Conserve este ticket|No se admiten devoluciones sin ticket|IVA incluido",
        "|",
    ),
    "it": entries("Grazie e arrivederci|Conservare lo scontrino|Buona giornata", "|"),
    "nl": entries("Bedankt voor uw bezoek|Tot ziens|Ruilen binnen 14 dagen met bon", "|"),
    "pt": entries("Obrigado pela sua visita|Volte sempre|Guarde o seu talão", "|"),
}
