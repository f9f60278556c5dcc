//! The API's sentences about settings of accounts (`GET /v1/providers`).

/// As the API says it, in Czech.
pub(in crate::words) static SENTENCES: &[(&str, &str)] = &[
    ("The server's name.", "Jméno serveru."),
    (
        "Its port; 587, or 465 with implicit encryption.",
        "Jeho port; 587, nebo 465 při implicitním šifrování.",
    ),
    (
        "How the connection is encrypted; starttls if nothing is said.",
        "Jak se spojení šifruje; když není nic řečeno, starttls.",
    ),
    ("Who logs in; nobody if it is empty.", "Kdo se přihlašuje; když je prázdné, nikdo."),
    ("The password.", "Heslo."),
    ("The sender's address.", "Adresa odesílatele."),
    ("The sender's name.", "Jméno odesílatele."),
    ("Where answers go.", "Kam jdou odpovědi."),
    (
        "The domain in Message-IDs; the sender's if nothing is said.",
        "Doména v Message-ID; když není nic řečeno, odesílatelova.",
    ),
    ("How many connections at once.", "Kolik spojení najednou."),
    (
        "How long one step may take, in milliseconds.",
        "Jak dlouho smí trvat jeden krok, v milisekundách.",
    ),
    (
        "The key of the interface; or else login and password.",
        "Klíč rozhraní; jinak přihlašovací jméno a heslo.",
    ),
    ("Who logs in, where there is no key.", "Kdo se přihlašuje, když není klíč."),
    ("The password, where there is no key.", "Heslo, když není klíč."),
    (
        "A name that is registered there; its own if nothing is said.",
        "Jméno, které je tam registrované; když není nic řečeno, jejich vlastní.",
    ),
    (
        "Where the interface is, if it is not SMSC's own.",
        "Kde je rozhraní, není-li to vlastní rozhraní SMSC.",
    ),
    ("The client's name.", "Jméno klienta."),
    ("The client's secret.", "Tajemství klienta."),
    ("The terminal, a UUID.", "Terminál, UUID."),
    ("The shop, for payment links.", "Obchod, pro platební odkazy."),
    (
        "Any long text of your own, known to nobody else.",
        "Libovolný dlouhý vlastní text, který nikdo jiný nezná.",
    ),
    (
        "Where callbacks are sent, if not to this node's own address.",
        "Kam se posílají zpětná volání, když ne na vlastní adresu tohoto uzlu.",
    ),
    ("Whether the terminal holds money first.", "Zda terminál peníze nejdřív blokuje."),
    (
        "Where tokens are granted, if not at the bank's own place.",
        "Kde se vydávají tokeny, když ne na vlastním místě banky.",
    ),
    (
        "Where the interface is, if it is not the bank's own.",
        "Kde je rozhraní, není-li to vlastní rozhraní banky.",
    ),
    ("The page's language: rus, kaz or eng.", "Jazyk stránky: rus, kaz nebo eng."),
    ("What the token may do, if it is something else.", "Co token smí, je-li to něco jiného."),
    (
        "sk_... or rk_...; it says whether money is real.",
        "sk_... nebo rk_...; říká, zda jsou peníze skutečné.",
    ),
    (
        "whsec_... of the endpoint; two while they are rotated.",
        "whsec_... koncového bodu; při výměně dvě.",
    ),
    (
        "Where the interface is, if it is not Stripe's own.",
        "Kde je rozhraní, není-li to vlastní rozhraní Stripe.",
    ),
    ("The interface's version, if it is another one.", "Verze rozhraní, je-li jiná."),
    (
        "Where payers pay: on Stripe's page, or on the shop's own.",
        "Kde plátci platí: na stránce Stripe, nebo na vlastní stránce obchodu.",
    ),
    (
        "The same for single methods, such as card_here = payment_intent.",
        "Totéž pro jednotlivé způsoby, například card_here = payment_intent.",
    ),
    ("pk_..., for the shop's own page.", "pk_..., pro vlastní stránku obchodu."),
    (
        "The methods that the shop's own page offers, if only some.",
        "Způsoby, které vlastní stránka obchodu nabízí, jsou-li to jen některé.",
    ),
    ("acct_..., to act for a connected account.", "acct_..., pro jednání za připojený účet."),
    ("How old a notification may be, in seconds.", "Jak staré smí být oznámení, v sekundách."),
    ("The shop's number.", "Číslo obchodu."),
    (
        "The shop's secret for background communication.",
        "Tajemství obchodu pro komunikaci na pozadí.",
    ),
    (
        "Which interface is spoken; v1 if nothing is said.",
        "Které rozhraní se používá; když není nic řečeno, v1.",
    ),
    (
        "Whether payments are tests; as the mode says, if nothing is said.",
        "Zda jsou platby zkušební; když není nic řečeno, podle režimu.",
    ),
    (
        "Where the interface is, if it is not ComGate's own.",
        "Kde je rozhraní, není-li to vlastní rozhraní ComGate.",
    ),
    (
        "The methods offered, such as CARD_ALL; all if nothing is said.",
        "Nabízené způsoby, například CARD_ALL; když není nic řečeno, všechny.",
    ),
    ("The payer's country, such as CZ.", "Země plátce, například CZ."),
    ("The page's language, such as cs.", "Jazyk stránky, například cs."),
    (
        "The address given for payers whose own is not known.",
        "Adresa, která se uvede za plátce, jejichž vlastní není známa.",
    ),
    ("Within how many days what was paid is passed on.", "Do kolika dnů se zaplacené předá dál."),
    (
        "What the columns of a transfer's list are called, if otherwise.",
        "Jak se jmenují sloupce seznamu převodu, je-li to jinak.",
    ),
    ("The point of sale.", "Prodejní místo."),
    ("Its name for tokens; mostly the same.", "Jeho jméno pro tokeny; většinou stejné."),
    ("Its secret for tokens.", "Jeho tajemství pro tokeny."),
    (
        "The second key, which notifications are signed with.",
        "Druhý klíč, kterým se podepisují oznámení.",
    ),
    (
        "Where notifications are sent, if not to this node's own address.",
        "Kam se posílají oznámení, když ne na vlastní adresu tohoto uzlu.",
    ),
    (
        "Where the interface is, if it is not PayU's own.",
        "Kde je rozhraní, není-li to vlastní rozhraní PayU.",
    ),
    ("Whether the point of sale takes money at once.", "Zda prodejní místo strhává peníze hned."),
    (
        "The digests that notifications may be signed with, if only some.",
        "Otisky, kterými smí být oznámení podepsána, jsou-li to jen některé.",
    ),
    (
        "The payer's address that is told where it is not known.",
        "Adresa plátce, která se sdělí, když není známa.",
    ),
    (
        "The token of the bank account; use it nowhere else.",
        "Token bankovního účtu; jinde ho nepoužívejte.",
    ),
    (
        "The bank account. Movements of another one are never read.",
        "Bankovní účet. Pohyby na jiném se nikdy nečtou.",
    ),
    ("The bank's code, if it is another one.", "Kód banky, je-li jiný."),
    ("The account's currency; CZK if nothing is said.", "Měna účtu; když není nic řečeno, CZK."),
    (
        "Where the interface is, if it is not Fio's own.",
        "Kde je rozhraní, není-li to vlastní rozhraní Fio.",
    ),
    ("How many days back movements are looked through.", "Kolik dní zpět se procházejí pohyby."),
    ("Seconds between two calls.", "Sekundy mezi dvěma voláními."),
    ("How money is given back.", "Jak se peníze vracejí."),
    ("The REST application's name.", "Jméno aplikace REST."),
    ("Its secret.", "Její tajemství."),
    ("The id of the webhook in the application's settings.", "Id webhooku v nastavení aplikace."),
    (
        "Where the interface is, if it is not PayPal's own.",
        "Kde je rozhraní, není-li to vlastní rozhraní PayPal.",
    ),
    ("How notifications are verified.", "Jak se oznámení ověřují."),
    (
        "Where certificates may be fetched from, if elsewhere.",
        "Odkud se smí stahovat certifikáty, je-li to jinde.",
    ),
    (
        "The names that a certificate may have, if others.",
        "Jména, která certifikát smí mít, jsou-li jiná.",
    ),
    (
        "A root to trust instead of the machine's, as PEM.",
        "Kořenový certifikát, kterému se věří místo těch na stroji, jako PEM.",
    ),
    ("The shop's name on the page.", "Jméno obchodu na stránce."),
    ("The page's language, such as cs-CZ.", "Jazyk stránky, například cs-CZ."),
];
