//! Suppliers, their sources, and what imports did.

/// English, Czech.
pub(super) static TEXTS: &[(&str, &str)] = &[
    // Suppliers.
    (
        "A supplier has sources: each says where a feed is and how it is read.",
        "Dodavatel má zdroje: každý říká, kde je feed a jak se čte.",
    ),
    ("A supplier needs a code.", "Dodavatel potřebuje kód."),
    ("Back to the suppliers, changing nothing", "Zpět na dodavatele, beze změny"),
    ("Its feeds are imported", "Jeho feedy se importují"),
    ("Make the supplier", "Vytvořit dodavatele"),
    ("New supplier", "Nový dodavatel"),
    ("Supplier {}", "Dodavatel {}"),
    ("There is a supplier {} already.", "Dodavatel {} už existuje."),
    ("There is no supplier yet", "Zatím není žádný dodavatel"),
    // Sources.
    (
        "A source says where a supplier's feed is and how it is read.",
        "Zdroj říká, kde je feed dodavatele a jak se čte.",
    ),
    ("All of its imports", "Všechny jeho importy"),
    ("Back to the source, changing nothing", "Zpět na zdroj, beze změny"),
    ("Bytes", "Bajtů"),
    ("Choose a file first.", "Nejdřív vyberte soubor."),
    ("Currency", "Měna"),
    ("Its file", "Jeho soubor"),
    ("Its imports", "Jeho importy"),
    (
        "Its secrets are not shown to anybody, and a source of this code needs them anew.",
        "Jeho tajemství se nikomu neukážou a zdroj s tímto kódem je bude potřebovat znovu.",
    ),
    ("Known by", "Pozná se podle"),
    ("New source", "Nový zdroj"),
    ("No file was uploaded yet.", "Zatím nebyl nahrán žádný soubor."),
    (
        "Nothing is imported from {} any more, by itself or when asked.",
        "Ze zdroje {} se už nic neimportuje, samo ani na požádání.",
    ),
    (
        "Nothing was imported from it yet. See what would change before you import.",
        "Zatím se z něj nic neimportovalo. Před importem se podívejte, co by se změnilo.",
    ),
    (
        "Nothing was imported from it yet. Upload its file below, look at it, and see what would change before you import.",
        "Zatím se z něj nic neimportovalo. Níže nahrajte jeho soubor, prohlédněte si ho a před importem se podívejte, co by se změnilo.",
    ),
    ("Source {}", "Zdroj {}"),
    ("To all sources", "Na všechny zdroje"),
    ("To its settings", "K jeho nastavení"),
    ("To the source", "Ke zdroji"),
    ("Upload", "Nahrát"),
    (
        "What it brought stays: products, offers, stock, and its imports, which can still be undone.",
        "Co přinesl, zůstane: produkty, nabídky, sklad i jeho importy, které se dají stále vrátit.",
    ),
    ("What it offers is compared with", "S čím se porovnává, co nabízí"),
    ("What it tells was so", "Kdy platilo, co říká"),
    ("Which of theirs is which of ours", "Která jejich je která naše"),
    (
        "XML, CSV or JSON, as it is or in gzip or zip",
        "XML, CSV nebo JSON, tak jak je, nebo v gzipu či zipu",
    ),
    ("a feed of {} rows", "feed o {} řádcích"),
    (
        "Rows are those of the last import that read the feed. Which ones they are is not kept; the feed's rows are seen by looking at the file.",
        "Řádky jsou z posledního importu, který feed četl. Které to jsou, se neuchovává; řádky feedu jsou vidět při prohlížení souboru.",
    ),
    // Looking at a file.
    ("As they would be read", "Jak by se přečetly"),
    ("Columns that occur", "Sloupce, které se vyskytují"),
    ("How it would be read", "Jak by se přečetl"),
    ("Look at the file", "Prohlédnout soubor"),
    ("Look at the format in the source's settings.", "Podívejte se na formát v nastavení zdroje."),
    (
        "No file of this source is there yet: put the beginning of one here.",
        "Zatím tu není žádný soubor tohoto zdroje: vložte sem začátek nějakého.",
    ),
    ("No row was read", "Nepřečetl se žádný řádek"),
    ("Read it", "Přečíst"),
    (
        "The beginning of a feed; the file that is there, if it is empty",
        "Začátek feedu; je-li prázdný, soubor, který tu je",
    ),
    (
        "The first rows, as the source's settings read them. Nothing is kept and nothing changes.",
        "První řádky, jak je čte nastavení zdroje. Nic se neukládá a nic se nemění.",
    ),
    ("left out by a filter", "vynechán filtrem"),
    // Imports.
    ("All imports", "Všechny importy"),
    ("Find an import", "Najít import"),
    ("From which source", "Z kterého zdroje"),
    ("No import is like that", "Takový import není"),
    ("To the import", "K importu"),
    ("from any", "z kteréhokoli"),
    ("not kept one by one", "po jednom se neuchovává"),
    // What an import changed.
    (
        "A trial keeps the first {} of what it would have changed, and nothing of what would be gone.",
        "Zkouška uchová prvních {} z toho, co by změnila, a nic z toho, co by zmizelo.",
    ),
    (
        "A trial counts all that it would change, and keeps only the first of it.",
        "Zkouška spočítá vše, co by změnila, a uchová z toho jen začátek.",
    ),
    ("All of them", "Všechny"),
    ("All that the trial kept", "Všechno, co zkouška uchovala"),
    ("CSV of all of them", "CSV všech"),
    ("Find a row", "Najít řádek"),
    ("Further", "Dál"),
    ("It changed nothing of this kind", "Nic takového nezměnil"),
    ("It is", "Teď"),
    ("It was", "Dřív"),
    ("Missing, not gone yet", "Chybí, ještě nezmizelo"),
    ("No sample of this kind was kept", "Žádná taková ukázka se neuchovala"),
    ("Nothing of this among what was looked through", "V tom, co se prošlo, nic takového není"),
    ("Price that the supplier asks", "Cena, kterou žádá dodavatel"),
    (
        "Rows that say what was known change nothing, and are not kept.",
        "Řádky, které říkají, co bylo známé, nic nemění a neuchovávají se.",
    ),
    ("Stock of the supplier", "Sklad dodavatele"),
    ("The supplier's code", "Kód u dodavatele"),
    ("There is more: go further.", "Je toho víc: pokračujte dál."),
    (
        "This import was undone: what it changed is told as it left it.",
        "Tento import byl vrácen: co změnil, je uvedeno tak, jak to zanechal.",
    ),
    ("What has become of it", "Co se s tím stalo"),
    ("What it changed", "Co změnil"),
    ("it is no longer in the feed", "už není ve feedu"),
    ("it is not in the feed", "není ve feedu"),
    ("nobody knows which", "neví se který"),
    ("some", "nějaké"),
    ("what else its row says", "co dalšího říká jeho řádek"),
    // Rows at fault.
    (
        "A row that cannot be taken is passed over and listed here; the others are taken.",
        "Řádek, který nejde převzít, se přeskočí a je uveden zde; ostatní se převezmou.",
    ),
    ("Line", "Řádek souboru"),
    ("No row at fault is like that", "Takový chybný řádek není"),
    (
        "{} rows could not be taken, for {} reasons in all: a row may have several.",
        "Nepřevzatých řádků: {}; důvodů celkem: {}, řádek jich může mít víc.",
    ),
    (
        "{} rows could not be taken. What is wrong is kept of the first of them: {} reasons, of which a row may have several.",
        "Nepřevzatých řádků: {}. Co je špatně, se uchovává u prvních z nich: důvodů {}, řádek jich může mít víc.",
    ),
    // Rows left out.
    (
        "A row is left out by a filter of the mapping, or because an earlier row has its code.",
        "Řádek vynechá filtr přiřazení, nebo to, že jeho kód má dřívější řádek.",
    ),
    ("No row was kept", "Žádný řádek se neuchoval"),
    ("Rows that were left out", "Vynechané řádky"),
    ("Why it was left out", "Proč byl vynechán"),
    ("a filter of the mapping says so", "říká to filtr přiřazení"),
    ("an earlier row has its code", "jeho kód má dřívější řádek"),
    (
        "it says that something is gone which was never known",
        "říká, že už není něco, co nikdy nebylo známé",
    ),
    (
        "{} rows were left out; the first 500 are kept.",
        "Vynechaných řádků: {}; prvních 500 se uchovává.",
    ),
    // Undoing.
    ("All that was left", "Všechno, co zůstalo"),
    (
        "An import is undone by a button on its page, once it has ended.",
        "Import se vrátí tlačítkem na jeho stránce, jakmile skončí.",
    ),
    (
        "The feed is the same as the last time, so there was nothing to do.",
        "Feed je stejný jako minule, takže nebylo co dělat.",
    ),
    (
        "Left as they are, because somebody touched them since: {}.",
        "Ponecháno, protože se toho od té doby někdo dotkl: {}.",
    ),
    (
        "Nothing had been touched since, so nothing was left.",
        "Od té doby se ničeho nikdo nedotkl, takže nic nezůstalo.",
    ),
    (
        "Offers that stand as before the import, so far: {}.",
        "Nabídky, které jsou zatím zase jako před importem: {}.",
    ),
    (
        "Offers that stand as before the import: {}.",
        "Nabídky, které jsou zase jako před importem: {}.",
    ),
    ("Nothing was put back", "Nic se nevrátilo"),
    ("What undoing it left", "Co vrácení ponechalo"),
    ("What undoing it put back", "Co vrácení obnovilo"),
    ("What was left", "Co zůstalo"),
    ("Whose value it has now", "Čí hodnotu má teď"),
    ("Why it was left", "Proč to zůstalo"),
    ("it was not there before", "předtím tu nebyla"),
    ("a later import has changed it", "změnil to pozdější import"),
    ("somebody has written it since", "někdo to od té doby napsal"),
    ("the supplier has told another number since", "dodavatel od té doby uvedl jiné číslo"),
    ("the supplier's", "dodavatelovu"),
    ("what the supplier offers", "co nabízí dodavatel"),
    (
        "{} more were left, and are not kept one by one: of each twenty steps of the import, the first 100 are.",
        "Dalších ponechaných: {}; po jednom se neuchovávají, z každých dvaceti kroků importu jen prvních 100.",
    ),
];
