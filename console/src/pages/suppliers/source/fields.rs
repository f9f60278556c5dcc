//! The fields of a source's form. Each is called after the member of the API's document that it says,
//! so what is wrong with that member is told beside it.

use crate::ui::layout::text;

/// What a field takes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A line.
    Text,
    /// A whole number.
    Number,
    /// A share in per cent; the API has it in thousandths.
    Share,
    /// A line that is never shown.
    Secret,
    /// Several lines that are never shown.
    SecretLines,
    /// A list, a line each.
    Lines,
    /// Names with values, a line each.
    Pairs,
    /// Yes or no.
    Switch,
    /// One of these.
    Choice(&'static [(&'static str, &'static str)]),
}

/// A field.
pub(super) struct Field {
    /// The member that it says, without the first slash; the field's name.
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) kind: Kind,
    /// The API does not do without it.
    pub(super) needed: bool,
}

impl Field {
    const fn needed(self) -> Self {
        Self { needed: true, ..self }
    }

    const fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// The member as a JSON pointer.
    pub(super) fn pointer(&self) -> String {
        format!("/{}", self.name)
    }
}

/// The name of the field that says which columns a target is read from.
pub(super) fn column(target: &str) -> String {
    format!("column/{target}")
}

const fn field(name: &'static str, label: &'static str, kind: Kind) -> Field {
    Field { name, label, hint: "", kind, needed: false }
}

pub(super) const KINDS: &[(&str, &str)] = &[
    ("full", text!("everything with its texts: what is missing is gone")),
    (
        "stock_and_price",
        text!("stock and prices of what is known: what is missing has not changed"),
    ),
];
pub(super) const REACHES: &[(&str, &str)] = &[
    ("upload", text!("it is uploaded")),
    ("http", text!("at a web address")),
    ("ftp", text!("on an FTP server")),
    ("sftp", text!("on an SFTP server")),
];
pub(super) const ACCESSES: &[(&str, &str)] = &[
    ("nothing", text!("not at all")),
    ("basic", text!("by name and password")),
    ("bearer", text!("by a token")),
    ("headers", text!("by headers")),
    ("client_credentials", text!("by a client's id and secret (OAuth)")),
];
pub(super) const FORMATS: &[(&str, &str)] =
    &[("csv", "CSV"), ("xml", "XML"), ("json", "JSON"), ("other", text!("as the JSON below says"))];
/// Dialects that have names: what they are called.
pub(super) const DIALECTS: &[(&str, &str)] = &[
    ("heureka", "Heureka XML"),
    ("heureka_availability", "Heureka availability XML"),
    ("shoptet", "Shoptet XML"),
    ("shoptet_csv", "Shoptet CSV"),
    ("bmecat12", "BMEcat 1.2"),
    ("bmecat2005", "BMEcat 2005"),
    ("iof", "IdoSell full.xml"),
    ("iof_light", "IdoSell light.xml"),
    ("google", "Google Merchant"),
    ("nody", "Nody XML"),
    ("rest_json", "JSON {code, message, data}"),
];

pub(super) const HTTP: &[Field] = &[
    field("reach/url", text!("Address"), Kind::Text).needed()
        .hint(text!("What stands after its ? is a secret: it is shown as ***, and stays as it is while the address is left as it is shown.")),
    field("reach/interval_min_s", text!("Ask no more often than every so many seconds"), Kind::Number),
];
pub(super) const BASIC: &[Field] = &[
    field("reach/access/user", text!("Name at the address"), Kind::Text).needed(),
    field("reach/access/password", text!("Password at the address"), Kind::Secret).needed(),
];
pub(super) const BEARER: &[Field] =
    &[field("reach/access/token", text!("Token"), Kind::Secret).needed()];
pub(super) const HEADERS: &[Field] = &[field(
    "reach/access/headers",
    text!("Headers, a line each: name = value"),
    Kind::SecretLines,
)
.needed()];
pub(super) const CLIENT: &[Field] = &[
    field("reach/access/token_url", text!("Address that gives the token"), Kind::Text).needed(),
    field("reach/access/client_id", text!("Client's id"), Kind::Text).needed(),
    field("reach/access/client_secret", text!("Client's secret"), Kind::Secret).needed(),
    field("reach/access/scope", text!("For what (scope), if it is asked"), Kind::Text),
];
pub(super) const SERVER: &[Field] = &[
    field("reach/host", text!("Server"), Kind::Text)
        .needed()
        .hint(text!("Its name, such as ftp.acme.example.")),
    field("reach/port", text!("Port"), Kind::Number)
        .hint(text!("The usual one, if nothing is written.")),
    field("reach/path", text!("File"), Kind::Text)
        .needed()
        .hint(text!("Such as /export/feed.csv.gz.")),
    field("reach/user", text!("User at the server"), Kind::Text).needed(),
    field("reach/password", text!("Password at the server"), Kind::Secret),
];
pub(super) const FTP: &[Field] =
    &[field("reach/plain", text!("Without TLS, so that others may listen"), Kind::Switch)];
pub(super) const SFTP: &[Field] = &[
    field("reach/private_key", text!("Private key instead of the password"), Kind::SecretLines)
        .hint(text!("An OpenSSH key without a passphrase.")),
    field("reach/host_key", text!("Fingerprint of the server's key"), Kind::Text)
        .hint(text!("SHA256:… Without it nothing is fetched, and the first import says which one the server shows.")),
];

pub(super) const PAGINGS: &[(&str, &str)] = &[
    ("offset", text!("by the number of rows before the page")),
    ("number", text!("by the page's number")),
    ("cursor", text!("by what the page before names")),
    ("link", text!("by the header Link")),
];
pub(super) const PAGING: &[Field] = &[
    field("reach/paging/rows", text!("Where a page's rows are"), Kind::Text)
        .hint(text!("A JSON pointer such as /data; nothing, if the page is the list.")),
    field("reach/paging/size", text!("Rows of a page"), Kind::Number)
        .needed()
        .hint(text!("By offset and by number.")),
    field("reach/paging/offset", text!("Parameter of the offset"), Kind::Text).hint("offset"),
    field("reach/paging/limit", text!("Parameter of the rows of a page"), Kind::Text).hint("limit"),
    field("reach/paging/page", text!("Parameter of the page's number"), Kind::Text).hint("page"),
    field("reach/paging/first", text!("Number of the first page"), Kind::Number).hint("1"),
    field("reach/paging/per_page", text!("Parameter of its rows, by number"), Kind::Text),
    field("reach/paging/next", text!("Where a page names the next one"), Kind::Text)
        .needed()
        .hint(text!("A JSON pointer such as /next; by cursor.")),
    field("reach/paging/parameter", text!("Parameter that takes it"), Kind::Text)
        .hint(text!("Nothing, if the whole address is named.")),
];

pub(super) const CSV: &[Field] = &[
    field(
        "format/format/delimiter",
        text!("Between columns"),
        Kind::Choice(&[
            ("semicolon", text!("semicolon ;")),
            ("comma", text!("comma ,")),
            ("tab", text!("tab")),
            ("pipe", text!("pipe |")),
        ]),
    ),
    field(
        "format/format/quote",
        text!("Around texts"),
        Kind::Choice(&[
            ("double", text!("quotation marks \"")),
            ("single", text!("apostrophes '")),
            ("none", text!("nothing")),
        ]),
    ),
    field("format/format/header_lines", text!("Lines of the header"), Kind::Number)
        .hint(text!("The first has the columns' names. With 0 the columns are #1, #2 and so on.")),
    field(
        "format/format/lines_before",
        text!("Lines before the header to be passed over"),
        Kind::Number,
    ),
    field("format/format/comment", text!("Lines that begin with it are comments"), Kind::Text),
    field(
        "format/format/columns",
        text!("Names of the columns, a line each, if the file has none"),
        Kind::Lines,
    ),
    field(
        "format/format/backslash",
        text!("A backslash takes the next character's meaning away"),
        Kind::Switch,
    ),
];
pub(super) const XML: &[Field] = &[
    field("xml/rows", text!("Elements that are rows, a line each"), Kind::Lines)
        .hint(text!("Such as SHOPITEM, or products/product.")),
    field("xml/deleted", text!("Elements of products that are gone, a line each"), Kind::Lines)
        .hint(text!("Such as DELITEM.")),
    field("xml/variants", text!("Elements that are variants, a line each"), Kind::Lines),
];
pub(super) const JSON: &[Field] = &[
    field("format/format/rows", text!("Where the rows are"), Kind::Text)
        .hint(text!("Such as data/products; nothing, if the document is the list of rows.")),
    field("format/format/variants", text!("Lists that are variants, a line each"), Kind::Lines),
    field(
        "format/format/keyed",
        text!("The rows are members of an object, each by its code"),
        Kind::Switch,
    ),
];
pub(super) const FILE: &[Field] = &[
    field("format/charset", text!("Encoding"), Kind::Text)
        .hint(text!("Such as utf-8, windows-1250 or cp852; found out, if nothing is written.")),
    field("format/file_mask", text!("Which file of a zip, with * and ?"), Kind::Text),
    field("format/may_be_empty", text!("A file without rows is no fault"), Kind::Switch),
];

/// What a column is: the API's word for it, and what people call it. The first ones are what most
/// feeds have.
pub(super) const TARGETS: &[(&str, &str)] = &[
    ("code", text!("Supplier's code (needed)")),
    ("name", text!("Title")),
    ("ean", text!("EAN")),
    ("purchase_price", text!("Our price without tax")),
    ("stock", text!("Pieces in stock")),
    ("categories", text!("Category path")),
    ("brand", text!("Make")),
    ("mpn", text!("Maker's own code")),
    ("description", text!("Description")),
    ("images", text!("Pictures")),
    ("rrp", text!("Recommended price with tax")),
    ("vat", text!("Rate of tax")),
    ("purchase_price_gross", text!("Our price with tax")),
    ("list_price", text!("List price without tax")),
    ("list_price_gross", text!("List price with tax")),
    ("rrp_net", text!("Recommended price without tax")),
    ("currency", text!("Currency of the row")),
    ("availability", text!("Availability in words")),
    ("lead_time", text!("When it can be sent")),
    ("group", text!("Product that it is a variant of")),
    ("deleted", text!("Whether it is gone")),
    ("active", text!("Whether it is for sale")),
    ("unit", text!("Sales unit")),
    ("weight", text!("Weight")),
];
/// Columns that most feeds have.
pub(super) const TARGETS_COMMON: usize = 6;

pub(super) const PRODUCTS: &[Field] = &[
    field("currency", text!("Currency of prices that name none"), Kind::Text)
        .needed()
        .hint(text!("Such as CZK.")),
    field("language", text!("Language of its texts"), Kind::Text).hint(text!("Such as cs.")),
    field(
        "new_products",
        text!("Rows whose product nobody knows"),
        Kind::Choice(&[
            ("draft", text!("become drafts")),
            ("active", text!("are offered at once")),
            ("wait", text!("wait until somebody links them")),
        ]),
    ),
    field("sku_prefix", text!("What a new SKU begins with"), Kind::Text)
        .hint(text!("The supplier's code follows.")),
];
pub(super) const OTHERS: &[Field] = &[
    field("priority", text!("Weight among suppliers of one product, 0 to 99"), Kind::Number)
        .hint(text!("The higher describes it.")),
    field("some_units", text!("Pieces that \"in stock\" stands for"), Kind::Number)
        .hint(text!("Where the feed gives no number; 0 to 1000.")),
    field(
        "rrp_is_price",
        text!("The recommended price is what a product is sold for"),
        Kind::Switch,
    ),
    field(
        "attributes",
        text!("Our attributes by the supplier's names, a line each: theirs = ours"),
        Kind::Pairs,
    ),
    field("file_bytes_max", text!("The longest file that is taken, in bytes"), Kind::Number)
        .hint(text!("2 GB, if nothing is written.")),
];
pub(super) const VANISHED: &[Field] = &[
    field(
        "vanished/action",
        text!("What a full feed no longer holds"),
        Kind::Choice(&[
            ("zero_stock", text!("has no stock")),
            ("archive", text!("has no stock and is archived, unless another supplier has it")),
            ("keep", text!("stays as it is")),
        ]),
    ),
    field("vanished/after_runs", text!("After so many feeds in a row without it"), Kind::Number)
        .hint(text!("1 to 100.")),
];
pub(super) const GUARDS: &[Field] = &[
    field(
        "gates/retire_permille_max",
        text!("Known products that would be gone, at most (%)"),
        Kind::Share,
    )
    .hint("30"),
    field(
        "gates/rows_drop_permille_max",
        text!("Rows fewer than last time, at most (%)"),
        Kind::Share,
    )
    .hint("30"),
    field(
        "gates/price_median_permille_max",
        text!("All prices up or down, at most (%)"),
        Kind::Share,
    )
    .hint("20"),
    field("gates/errors_permille_max", text!("Rows at fault, at most (%)"), Kind::Share).hint("20"),
];
pub(super) const GUARDS_OTHER: &[Field] = &[
    field(
        "gates/price_item_permille_max",
        text!("One price up or down before its row is held back (%)"),
        Kind::Share,
    )
    .hint("50"),
    field(
        "gates/zero_stock_rise_permille_max",
        text!("More rows without stock, at most (%)"),
        Kind::Share,
    )
    .hint("30"),
    field(
        "gates/no_price_rise_permille_max",
        text!("More rows without a price, at most (%)"),
        Kind::Share,
    )
    .hint("30"),
    field("gates/ean_faults_permille_warn", text!("Wrong EANs before it is told (%)"), Kind::Share)
        .hint("5"),
    field(
        "gates/duplicates_permille_warn",
        text!("Codes that come twice before it is told (%)"),
        Kind::Share,
    )
    .hint("1"),
    field("gates/rows_min", text!("Rows that are too few to speak of shares"), Kind::Number)
        .hint("20"),
];
pub(super) const TIMETABLE: &[Field] = &[
    field("timetable/cron", text!("When (cron): minute, hour, day, month, weekday"), Kind::Text)
        .hint(text!("30 2 * * * is each night at half past two, 0 6-20 * * * each hour of the day. Only when asked for, if nothing is written.")),
    field("timetable/zone", text!("On whose clocks"), Kind::Text).hint(text!("Such as Europe/Prague.")),
    field("timetable/enabled", text!("It runs by itself"), Kind::Switch),
];
