/** Words to make people, companies and addresses of. All combinations are fictional. */
export interface Locale {
  readonly country: string;
  readonly first: readonly string[];
  readonly last: readonly string[];
  /** City and its postcode; "#" stands for a digit. */
  readonly cities: readonly (readonly [string, string])[];
  readonly streets: readonly string[];
  /** How street and house number are put together. */
  readonly address: (street: string, house: number) => string;
  /** What companies do, and their legal forms. */
  readonly trades: readonly string[];
  readonly forms: readonly string[];
}

const words = (text: string): readonly string[] => text.split("|");
const houseLast = (street: string, house: number): string => `${street} ${house}`;
const houseFirst = (street: string, house: number): string => `${house} ${street}`;

export const locales: readonly Locale[] = [
  {
    country: "Germany",
    first: words("Anna|Lena|Marie|Sophie|Katharina|Greta|Johanna|Clara|Ingrid|Ursula|Paul|Jonas|Felix|Maximilian|Lukas|Jürgen|Matthias|Stefan|Götz|Emil"),
    last: words("Müller|Schäfer|Brandt|Vogel|Krüger|Hofmann|Lehmann|Köhler|Winter|Sommer|Seidel|Böhm|Arnold|Jansen|Thiele|Busch|Kühn|Ziegler|Roth|Engel"),
    cities: [["Berlin", "10###"], ["Hamburg", "20###"], ["München", "80###"], ["Köln", "50###"], ["Leipzig", "04###"], ["Stuttgart", "70###"], ["Würzburg", "97###"], ["Kiel", "24###"]],
    streets: words("Lindenstraße|Am Markt|Gartenweg|Schillerstraße|Bahnhofstraße|Mühlweg|Rosengasse|Hafenstraße"),
    address: houseLast,
    trades: words("Maschinenbau|Logistik|Bau|Elektrotechnik|Möbel|Druck|Gartenbau|Feinkost"),
    forms: words("GmbH|AG|& Söhne GmbH|KG"),
  },
  {
    country: "United Kingdom",
    first: words("Olivia|Amelia|Emily|Charlotte|Grace|Priya|Hannah|Zoë|Margaret|Fiona|Oliver|Harry|James|Arthur|Samuel|Imran|Callum|Edward|Rhys|Duncan"),
    last: words("Hughes|Barker|Whitfield|Ashworth|Patel|Fletcher|Donnelly|Marsh|Pritchard|Holloway|Khan|Thornton|Bramley|Sinclair|Wainwright|Doyle|Cartwright|Ellery|Hargreaves|Loxley"),
    cities: [["London", "SE1# #AB"], ["Manchester", "M#4 #WD"], ["Bristol", "BS# #HT"], ["Leeds", "LS1# #PN"], ["Edinburgh", "EH# #LX"], ["Cardiff", "CF1# #NY"], ["Norwich", "NR# #QA"], ["York", "YO1# #JF"]],
    streets: words("Church Lane|High Street|Mill Road|Station Road|Orchard Close|Victoria Terrace|Kingsway|Harbour View"),
    address: houseFirst,
    trades: words("Engineering|Haulage|Foods|Joinery|Interiors|Printing|Nurseries|Marine"),
    forms: words("Ltd|plc|& Sons Ltd|LLP"),
  },
  {
    country: "France",
    first: words("Camille|Chloé|Élodie|Inès|Léa|Manon|Margaux|Aurélie|Hélène|Zoé|Antoine|Baptiste|Gaël|Hugo|Julien|Lucas|Mathéo|Rémi|Théo|François"),
    last: words("Bernard|Dubois|Moreau|Lefèvre|Girard|Fontaine|Chevalier|Garnier|Faure|Blanchard|Roussel|Mercier|Guérin|Perrin|Dumont|Lacroix|Renard|Vasseur|Brun|Clément"),
    cities: [["Paris", "750##"], ["Lyon", "6900#"], ["Marseille", "1300#"], ["Nantes", "44#00"], ["Lille", "59#00"], ["Bordeaux", "33#00"], ["Rennes", "35#00"], ["Grenoble", "38#00"]],
    streets: words("rue des Lilas|avenue de la Gare|rue du Moulin|boulevard Carnot|place de l’Église|rue Pasteur|chemin des Vignes|quai du Port"),
    address: houseFirst,
    trades: words("Transports|Bâtiment|Menuiserie|Électricité|Imprimerie|Vins|Textile|Mécanique"),
    forms: words("SARL|SA|SAS|et Fils"),
  },
  {
    country: "Italy",
    first: words("Giulia|Chiara|Francesca|Martina|Elena|Sara|Valentina|Alessia|Beatrice|Lucia|Marco|Luca|Matteo|Andrea|Lorenzo|Davide|Riccardo|Simone|Niccolò|Giorgio"),
    last: words("Moretti|Bianchi|Gallo|Conti|Ricci|Marini|Greco|Lombardi|Barbieri|Fontana|Caruso|Ferrara|Rinaldi|Testa|Grassi|Pellegrini|Serra|Bellini|D’Angelo|Vitali"),
    cities: [["Milano", "201##"], ["Torino", "101##"], ["Bologna", "401##"], ["Firenze", "501##"], ["Verona", "371##"], ["Genova", "161##"], ["Napoli", "801##"], ["Trieste", "341##"]],
    streets: words("Via Garibaldi|Via Roma|Corso Italia|Via dei Mille|Piazza Dante|Via Manzoni|Viale Europa|Via del Porto"),
    address: houseLast,
    trades: words("Trasporti|Costruzioni|Ceramiche|Mobili|Alimentari|Meccanica|Tessuti|Impianti"),
    forms: words("S.r.l.|S.p.A.|& Figli S.n.c.|S.a.s."),
  },
  {
    country: "Spain",
    first: words("Lucía|Sofía|Carmen|Marta|Inés|Alba|Nuria|Pilar|Begoña|Elena|Alejandro|Daniel|Pablo|Javier|Álvaro|Iñaki|Sergio|Rubén|Adrián|Joaquín"),
    last: words("García|Navarro|Ortega|Ibáñez|Molina|Castillo|Vidal|Peña|Muñoz|Herrera|Cabrera|Soler|Núñez|Campos|Méndez|Crespo|Lozano|Prieto|Rojas|Serrano"),
    cities: [["Madrid", "280##"], ["Barcelona", "080##"], ["Valencia", "460##"], ["Sevilla", "410##"], ["Bilbao", "480##"], ["Zaragoza", "500##"], ["Málaga", "290##"], ["A Coruña", "150##"]],
    streets: words("Calle Mayor|Calle del Sol|Avenida de la Paz|Paseo del Río|Calle Nueva|Plaza de España|Calle San Juan|Camino Real"),
    address: houseLast,
    trades: words("Transportes|Construcciones|Aceites|Muebles|Conservas|Talleres|Textiles|Viveros"),
    forms: words("S.L.|S.A.|e Hijos S.L.|S. Coop."),
  },
  {
    country: "Netherlands",
    first: words("Sanne|Anouk|Femke|Lotte|Maud|Eva|Fleur|Marijke|Noor|Roos|Daan|Bram|Jeroen|Lars|Sem|Thijs|Willem|Ruben|Koen|Pieter"),
    last: words("de Vries|van Dijk|Bakker|Visser|Smit|Meijer|de Boer|Mulder|Bos|Dekker|Brouwer|van Leeuwen|Kuipers|Hoekstra|Postma|Veenstra|Schouten|van der Meer|Kok|Peeters"),
    cities: [["Amsterdam", "10## KL"], ["Rotterdam", "30## BN"], ["Utrecht", "35## GH"], ["Groningen", "97## TD"], ["Eindhoven", "56## RS"], ["Haarlem", "20## VW"]],
    streets: words("Kerkstraat|Dorpsstraat|Molenweg|Havenkade|Beukenlaan|Wilhelminastraat|Oude Gracht|Parkweg"),
    address: houseLast,
    trades: words("Transport|Bouw|Bloemen|Techniek|Drukkerij|Zuivel|Installaties|Scheepvaart"),
    forms: words("B.V.|N.V.|en Zonen B.V.|V.O.F."),
  },
  {
    country: "Poland",
    first: words("Agnieszka|Małgorzata|Zofia|Hanna|Katarzyna|Joanna|Weronika|Ewa|Oliwia|Barbara|Jakub|Michał|Paweł|Łukasz|Tomasz|Szymon|Wojciech|Krzysztof|Marek|Rafał"),
    last: words("Nowak|Wójcik|Mazur|Krawczyk|Zając|Król|Wróbel|Dudek|Pawlak|Sikora|Baran|Michalak|Szewczyk|Ostrowicz|Kubiak|Kaźmierczak|Wilk|Lis|Czech|Gajda"),
    cities: [["Warszawa", "00-###"], ["Kraków", "30-###"], ["Gdańsk", "80-###"], ["Poznań", "60-###"], ["Wrocław", "50-###"], ["Łódź", "90-###"]],
    streets: words("ul. Lipowa|ul. Polna|ul. Ogrodowa|ul. Długa|ul. Słoneczna|ul. Kościuszki|al. Jana Pawła|ul. Młyńska"),
    address: houseLast,
    trades: words("Transport|Budownictwo|Meble|Elektronika|Poligrafia|Logistyka|Stal|Ogrody"),
    forms: words("sp. z o.o.|S.A.|i Synowie sp.j.|sp.k."),
  },
  {
    country: "Sweden",
    first: words("Astrid|Elsa|Freja|Saga|Linnéa|Maja|Ebba|Ingrid|Åsa|Sigrid|Erik|Gustav|Axel|Nils|Oskar|Björn|Henrik|Anders|Viggo|Sven"),
    last: words("Lindqvist|Bergström|Nyström|Sandberg|Holm|Ekdahl|Wallin|Sjöberg|Åkesson|Forsberg|Hedlund|Öberg|Norén|Blomqvist|Strand|Lundgren|Engström|Dahl|Rydberg|Falk"),
    cities: [["Stockholm", "11# ##"], ["Göteborg", "41# ##"], ["Malmö", "21# ##"], ["Uppsala", "75# ##"], ["Västerås", "72# ##"], ["Umeå", "90# ##"]],
    streets: words("Storgatan|Kungsgatan|Skolgatan|Björkvägen|Hamngatan|Ängsvägen|Kyrkogatan|Parkgatan"),
    address: houseLast,
    trades: words("Åkeri|Bygg|Möbler|Teknik|Tryckeri|Livs|Skog|Marin"),
    forms: words("AB|& Söner AB|HB|Handels AB"),
  },
];
