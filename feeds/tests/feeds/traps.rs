//! The traps of real feeds, one by one.

use crate::pieces::{Pieces, gzip, heureka, rows, shop, zip};
use kontor_feeds::generate::{Packing, Plan};
use kontor_feeds::mapping::presets::Preset;
use kontor_feeds::{
    Charset, CsvFormat, FeedError, FeedFault, Format, JsonFormat, Limits, Source, XmlFormat, open,
    undo_double_encoding,
};
use std::io::Cursor;

fn xml(text: impl AsRef<[u8]>) -> Result<Vec<kontor_feeds::RawRow>, FeedError> {
    rows(&heureka(), Cursor::new(text.as_ref().to_vec()))
}

fn csv(text: impl AsRef<[u8]>) -> Result<Vec<kontor_feeds::RawRow>, FeedError> {
    let source = Source::new(Format::Csv(CsvFormat::default()));
    rows(&source, Cursor::new(text.as_ref().to_vec()))
}

fn json(text: &str, format: JsonFormat) -> Result<Vec<kontor_feeds::RawRow>, FeedError> {
    rows(&Source::new(Format::Json(format)), Cursor::new(text.as_bytes().to_vec()))
}

#[test]
fn a_page_for_people_is_no_feed() {
    let pages = [
        "<!DOCTYPE html><html><body>Údržba</body></html>",
        "\n\n<html lang=\"cs\">",
        "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0\"><html/>",
        "<!-- maintenance --><HTML>",
    ];
    for page in pages {
        assert!(matches!(xml(page), Err(FeedError::Html)), "{page}");
        assert!(matches!(csv(page), Err(FeedError::Html)), "{page}");
    }
}

#[test]
fn what_is_empty_foreign_or_without_rows_says_so() {
    assert!(matches!(xml(""), Err(FeedError::Empty)));
    assert!(matches!(xml(" \r\n \n"), Err(FeedError::Empty)));
    assert!(matches!(xml("code;name\n"), Err(FeedError::WrongFormat { .. })));
    assert!(matches!(csv("{\"code\":401}"), Err(FeedError::WrongFormat { .. })));
    assert!(matches!(csv(shop("")), Err(FeedError::WrongFormat { .. })));
    assert!(matches!(json("<SHOP/>", JsonFormat::default()), Err(FeedError::WrongFormat { .. })));
    assert!(matches!(xml("<SHOP></SHOP>"), Err(FeedError::NoRows { .. })));
    assert!(matches!(csv("code;name\n"), Err(FeedError::NoRows { .. })));
    assert!(matches!(json("[]", JsonFormat::default()), Err(FeedError::NoRows { .. })));
    let mut source = heureka();
    source.may_be_empty = true;
    assert_eq!(rows(&source, Cursor::new("<SHOP></SHOP>")).unwrap().len(), 0);
}

#[test]
fn half_a_feed_is_no_feed() {
    let whole = shop("<EAN>8590001000021</EAN>");
    for end in 1..whole.len() - 1 {
        let error = xml(&whole[..end]).unwrap_err();
        assert_eq!(error.fault(), FeedFault::Body, "{end}: {error}");
    }
    assert!(matches!(csv("a;b\n1;2\n\"3;4\n"), Err(FeedError::Truncated { .. })));
    assert!(matches!(csv("a;b;c\n1;2;3\n4;"), Err(FeedError::Truncated { .. })));
    assert!(csv("a;b;c\n1;2;3\n4;5;6").is_ok());
    assert!(matches!(json("[{\"a\":1},", JsonFormat::default()), Err(FeedError::Truncated { .. })));
}

#[test]
fn an_error_within_an_answer_of_200_is_an_error() {
    let format = Preset::RestJson.format();
    let answer = "{\"code\":401,\"message\":\"token expired\",\"data\":[]}";
    match rows(&Source::new(format), Cursor::new(answer)) {
        Err(FeedError::Refused { code, message }) => {
            assert_eq!((code.as_str(), message.as_str()), ("401", "token expired"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn czech_text_is_read_in_whatever_it_was_written_and_declared() {
    let text = "Žluťoučký kůň, ľaťka, Šťáva";
    let declared = |name: &str| {
        shop(&format!("<PRODUCTNAME>{text}</PRODUCTNAME>"))
            .replace("version=\"1.0\"", &format!("version=\"1.0\" encoding=\"{name}\""))
    };
    let none = declared("x").replace(" encoding=\"x\"", "");
    let boms: [&[u8]; 2] = [b"\xef\xbb\xbf", b"\xff\xfe"];
    let cases: Vec<(Vec<u8>, Charset, bool)> = vec![
        (declared("utf-8").into_bytes(), Charset::UTF_8, false),
        (none.clone().into_bytes(), Charset::UTF_8, false),
        ([boms[0], none.as_bytes()].concat(), Charset::UTF_8, false),
        ([boms[0], declared("windows-1250").as_bytes()].concat(), Charset::UTF_8, false),
        (
            [boms[1], &Charset::UTF_16LE.encode(&declared("utf-16"))].concat(),
            Charset::UTF_16LE,
            false,
        ),
        (Charset::UTF_16BE.encode(&declared("utf-16")), Charset::UTF_16BE, false),
        (Charset::WINDOWS_1250.encode(&declared("windows-1250")), Charset::WINDOWS_1250, false),
        (Charset::WINDOWS_1250.encode(&declared("utf-8")), Charset::WINDOWS_1250, true),
        (Charset::WINDOWS_1250.encode(&declared("iso-8859-2")), Charset::WINDOWS_1250, true),
        (Charset::WINDOWS_1250.encode(&none), Charset::WINDOWS_1250, false),
        (Charset::ISO_8859_2.encode(&declared("iso-8859-2")), Charset::ISO_8859_2, false),
        (Charset::CP852.encode(&declared("cp852")), Charset::CP852, false),
    ];
    for (at, (bytes, charset, wrongly)) in cases.into_iter().enumerate() {
        let mut rows = open(Cursor::new(bytes), &heureka()).unwrap();
        let row = rows.next_row().unwrap().unwrap();
        assert_eq!(row.get("PRODUCTNAME"), Some(text), "case {at}");
        assert_eq!(rows.report().charset, Some(charset), "case {at}");
        assert_eq!(rows.report().declared_wrongly.is_some(), wrongly, "case {at}");
    }
}

#[test]
fn the_first_diacritic_far_behind_the_sample_still_tells_the_encoding() {
    let filler = "<SHOPITEM><ITEM_ID>1</ITEM_ID></SHOPITEM>".repeat(5_000);
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><SHOP>{filler}<SHOPITEM><ITEM_ID>č</ITEM_ID></SHOPITEM></SHOP>"
    );
    let mut rows = open(Cursor::new(Charset::WINDOWS_1250.encode(&text)), &heureka()).unwrap();
    let mut last = None;
    while let Some(row) = rows.next_row().unwrap() {
        last = row.get("ITEM_ID").map(str::to_owned);
    }
    assert_eq!(last.as_deref(), Some("č"));
    assert_eq!(rows.report().declared_wrongly, Some(Charset::UTF_8));
}

#[test]
fn one_broken_byte_in_good_utf_8_is_one_broken_character() {
    let mut bytes = shop("<NAME>ěščřžýáíé!</NAME>").into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'!').unwrap();
    bytes[at] = 0xff;
    let mut rows = open(Cursor::new(bytes), &heureka()).unwrap();
    assert_eq!(rows.next_row().unwrap().unwrap().get("NAME"), Some("ěščřžýáíé\u{fffd}"));
    assert_eq!(rows.report().malformed, 1);
}

#[test]
fn a_double_encoding_is_noticed_and_can_be_undone() {
    let twice = "PÅ™Ã\u{ad}liÅ¡ Å¾luÅ¥ouÄkÃ½".replace("Ä", "Ä\u{8d}");
    assert_eq!(undo_double_encoding(&twice).as_deref(), Some("Příliš žluťoučký"));
    assert_eq!(undo_double_encoding("Příliš žluťoučký"), None);
    assert_eq!(undo_double_encoding("plain"), None);
    let feed = shop(&format!("<NAME>{twice}</NAME>"));
    let rows = open(Cursor::new(feed), &heureka()).unwrap();
    assert!(rows.report().encoded_twice);
}

#[test]
fn control_characters_are_left_out_and_counted() {
    let feed = shop("<NAME>a\u{1}b\u{b}c\td</NAME>");
    let mut rows = open(Cursor::new(feed), &heureka()).unwrap();
    assert_eq!(rows.next_row().unwrap().unwrap().get("NAME"), Some("abc\td"));
    assert_eq!(rows.report().controls, 2);
}

#[test]
fn entities_come_from_the_table_and_from_nowhere_else() {
    let feed = "<!DOCTYPE SHOP [<!ENTITY x \"yyyyyyyy\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]>\
                <SHOP><SHOPITEM><ITEM_ID>1</ITEM_ID><NAME a=\"&nbsp;&x;\">&nbsp;5&euro; &x;&f; a&b</NAME>\
                </SHOPITEM></SHOP>";
    let mut rows = open(Cursor::new(feed), &heureka()).unwrap();
    let row = rows.next_row().unwrap().unwrap();
    assert_eq!(row.get("NAME"), Some("5€ &x;&f; a&b"));
    assert_eq!(row.get("NAME@a"), Some("&x;"));
    assert_eq!(rows.report().entities_unknown, 3);
}

#[test]
fn blank_lines_comments_and_namespaces_do_not_matter() {
    let feed = "\n\n<?xml version=\"1.0\"?><!-- a --><?php b ?>\n<z:SHOP xmlns:z=\"urn:z\" xmlns=\"urn:y\">\
                <!-- <SHOPITEM/> --><z:SHOPITEM><ITEM_ID><![CDATA[1<2]]><!-- c -->!</ITEM_ID></z:SHOPITEM></z:SHOP>\n<!-- d -->\n";
    let rows = xml(feed).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get("ITEM_ID"), Some("1<2!"));
    assert_eq!(rows[0].line, 4);
}

#[test]
fn a_row_knows_its_line_whatever_ends_the_lines() {
    for end in ["\n", "\r\n", "\r"] {
        let feed = format!("a;b{end}1;\"x{end}y\"{end}{end}2;z{end}");
        let rows = csv(&feed).unwrap();
        let found: Vec<_> = rows.iter().map(|row| (row.line, row.get("b").unwrap())).collect();
        assert_eq!(found, [(2, "x\ny"), (5, "z")], "{end:?}");
        let feed = format!(
            "<SHOP>{end}<SHOPITEM><ID>1</ID>{end}</SHOPITEM>{end}<SHOPITEM><ID>2</ID></SHOPITEM></SHOP>"
        );
        let lines: Vec<u64> = xml(&feed).unwrap().iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 4], "{end:?}");
    }
}

#[test]
fn an_item_with_variants_is_its_variants_and_no_row_itself() {
    let feed = shop(
        "<STOCK>9</STOCK><VARIANT><ITEM_ID>1a</ITEM_ID><STOCK>4</STOCK></VARIANT>\
         <VARIANT><ITEM_ID>1b</ITEM_ID></VARIANT>",
    );
    let rows = xml(feed).unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.number,
                row.variant,
                row.get("VARIANT/ITEM_ID"),
                row.get("VARIANT/STOCK"),
                row.get("STOCK"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [(1, Some(1), Some("1a"), Some("4"), Some("9")), (2, Some(2), Some("1b"), None, Some("9")),]
    );
}

#[test]
fn packed_feeds_are_known_by_their_bytes() {
    let feed = shop("<EAN>1</EAN>");
    let bytes = feed.as_bytes();
    let once = gzip(bytes);
    let members = [gzip(&bytes[..20]), gzip(&bytes[20..])].concat();
    let padded = [once.clone(), vec![0; 100]].concat();
    let in_zip =
        zip(&[("readme.md", b"x"), ("a/feed.xml", bytes), ("__MACOSX/a/._feed.xml", b"y")]);
    let cases = [
        once.clone(),
        gzip(&once),
        members,
        padded,
        in_zip.clone(),
        zip(&[("feed.xml.gz", &once)]),
    ];
    for (at, packed) in cases.into_iter().enumerate() {
        for sizes in [vec![1], vec![64 * 1024]] {
            let found = rows(&heureka(), Pieces::of(packed.clone(), sizes)).unwrap();
            assert_eq!(found[0].get("EAN"), Some("1"), "case {at}");
        }
    }
    assert!(matches!(xml(gzip(&gzip(&once))), Err(FeedError::Archive { .. })));
}

#[test]
fn a_mask_chooses_the_file_of_a_zip() {
    let feed = shop("<EAN>1</EAN>");
    let other = shop("<EAN>2</EAN>");
    let both = zip(&[("stock.xml", other.as_bytes()), ("full.xml", feed.as_bytes())]);
    let masked = |mask: &str| {
        let mut source = heureka();
        source.file_mask = Some(mask.to_owned());
        rows(&source, Cursor::new(both.clone())).map(|rows| rows[0].get("EAN").map(str::to_owned))
    };
    assert_eq!(masked("full*").unwrap().as_deref(), Some("1"));
    assert_eq!(masked("STOCK.XML").unwrap().as_deref(), Some("2"));
    assert!(matches!(masked("*.xml"), Err(FeedError::ArchiveContent { .. })));
    assert!(matches!(masked("*.csv"), Err(FeedError::ArchiveContent { .. })));
    assert!(matches!(xml(both), Err(FeedError::ArchiveContent { .. })));
}

#[test]
fn archives_that_are_damaged_or_lead_elsewhere_are_refused() {
    let feed = shop("<EAN>1</EAN>");
    for name in ["../feed.xml", "/etc/feed.xml", "a/../../feed.xml", "C:\\feed.xml", "..\\feed.xml"]
    {
        assert!(
            matches!(xml(zip(&[(name, feed.as_bytes())])), Err(FeedError::Archive { .. })),
            "{name}"
        );
    }
    let good = zip(&[("feed.xml", feed.as_bytes())]);
    let mut wrong = good.clone();
    wrong[14] ^= 1;
    assert!(matches!(xml(wrong), Err(FeedError::Archive { .. })));
    let mut encrypted = good.clone();
    encrypted[6] |= 1;
    assert!(matches!(xml(encrypted), Err(FeedError::Archive { .. })));
    assert!(matches!(xml(&good[..good.len() - 22]), Err(FeedError::Truncated { .. })));
    let packed = gzip(feed.as_bytes());
    assert!(matches!(xml(&packed[..packed.len() - 3]), Err(FeedError::Truncated { .. })));
    let mut flipped = packed.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    assert!(matches!(xml(flipped), Err(FeedError::Archive { .. })));
    assert!(matches!(xml(b"7z\xbc\xaf\x27\x1c"), Err(FeedError::Archive { .. })));
}

#[test]
fn a_bomb_is_noticed_before_it_goes_off() {
    let bomb = gzip(&vec![b' '; 16 << 20]);
    assert!(matches!(xml(&bomb), Err(FeedError::TooLarge { .. })));
    assert!(matches!(xml(gzip(&bomb)), Err(FeedError::TooLarge { .. })));
    let hidden = zip(&[("x.bin", b"1"), ("feed.xml.gz", &bomb)]);
    assert!(matches!(xml(hidden), Err(FeedError::TooLarge { .. })));
    let mut source = heureka();
    source.limits = Limits { body_bytes_max: 50, ..Limits::default() };
    assert!(matches!(
        rows(&source, Cursor::new(shop("<EAN>1</EAN>"))),
        Err(FeedError::TooLarge { .. })
    ));
}

#[test]
fn a_row_without_an_end_does_not_fill_the_memory() {
    let endless = |begin: &str, format: Format| {
        let mut source = Source::new(format);
        source.limits = Limits { row_bytes_max: 100_000, ..Limits::default() };
        let feed = format!("{begin}{}", "x".repeat(1_000_000));
        rows(&source, Cursor::new(feed)).unwrap_err()
    };
    let xml = || Format::Xml(XmlFormat::rows_at("SHOPITEM"));
    let cases = [
        endless("<SHOP><SHOPITEM><A>", xml()),
        endless("<SHOP><SHOPITEM a=\"", xml()),
        endless("<SHOP><!-- ", xml()),
        endless("a;b\n1;\"", Format::Csv(CsvFormat::default())),
        endless("[{\"a\":\"", Format::Json(JsonFormat::default())),
    ];
    for error in cases {
        assert!(matches!(error, FeedError::TooLarge { what: "a row in bytes", .. }), "{error}");
    }
    let deep = "<a>".repeat(200);
    assert!(matches!(xml_rows(&deep), Err(FeedError::TooLarge { .. })));
    let deep = "[".repeat(200);
    assert!(matches!(json(&deep, JsonFormat::default()), Err(FeedError::TooLarge { .. })));
}

fn xml_rows(text: &str) -> Result<Vec<kontor_feeds::RawRow>, FeedError> {
    xml(text)
}

#[test]
fn a_feed_of_ever_new_names_keeps_only_so_many() {
    let names: String = (0..500).map(|at| format!("<N{at}>1</N{at}>")).collect();
    let mut source = heureka();
    source.limits = Limits { names_max: 100, ..Limits::default() };
    let mut rows = open(Cursor::new(shop(&names)), &source).unwrap();
    rows.next_row().unwrap();
    assert_eq!(rows.names().len(), 100);
    assert_eq!(rows.report().fields_dropped, 401);
}

#[test]
fn the_body_is_known_by_its_digest_however_it_was_packed() {
    let plan = Plan::new(Preset::Heureka, 500);
    let digest = |packing| {
        let plan = Plan { packing, ..plan.clone() };
        let mut rows = open(plan.feed(), &plan.source()).unwrap();
        assert_eq!(rows.digest(), None);
        while rows.next_row().unwrap().is_some() {}
        rows.digest().unwrap().sha256.clone()
    };
    let plain = digest(Packing::Plain);
    assert_eq!(plain, digest(Packing::Gzip));
    assert_eq!(plain, digest(Packing::Zip));
}

#[test]
fn rows_of_json_are_found_in_its_many_shapes() {
    let at =
        |rows: &str, keyed| JsonFormat { rows: rows.to_owned(), keyed, ..JsonFormat::default() };
    let cases = [
        ("[{\"a\":1},{\"a\":2}]", at("", false)),
        ("{\"a\":1}\n{\"a\":2}\n", at("", false)),
        ("{\"x\":{\"a\":[9],\"rows\":[{\"a\":1},{\"a\":2}]},\"a\":7}", at("x/rows", false)),
        ("{\"rows\":{\"k1\":{\"a\":1},\"k2\":{\"a\":2}}}", at("rows", true)),
    ];
    for (text, format) in cases {
        let rows = json(text, format).unwrap();
        let found: Vec<_> = rows.iter().map(|row| row.get("a").unwrap()).collect();
        assert_eq!(found, ["1", "2"], "{text}");
    }
}

#[test]
fn numbers_of_json_keep_the_digits_that_were_written() {
    let rows = json(
        "[{\"a\":1299.10,\"b\":0.1e1,\"c\":12345678901234567890,\"d\":null,\"e\":true}]",
        JsonFormat::default(),
    )
    .unwrap();
    let told: Vec<_> = rows[0].iter().collect();
    assert_eq!(
        told,
        [("a", "1299.10"), ("b", "0.1e1"), ("c", "12345678901234567890"), ("d", ""), ("e", "true")]
    );
}

#[test]
fn a_line_with_too_many_columns_has_no_name_for_one_of_its_values() {
    let rows = csv("a;b;\n1;2;\n1;2;;\n1;x;2;3\n").unwrap();
    let found: Vec<_> = rows.iter().map(|row| row.misaligned).collect();
    assert_eq!(found, [None, None, Some((4, 3))]);
}

#[test]
fn dialects_of_csv_are_told_apart() {
    let cases = [
        ("a;b\n1,5;2\n", "1,5"),
        ("a,b\n\"1,5\",2\n", "1,5"),
        ("a\tb\n1,5\t2\n", "1,5"),
        ("a|b\n1,5|2\n", "1,5"),
        ("'a';'b'\n'1,5';'2'\n", "1,5"),
        ("sep=;\na;b\n1,5;2\n", "1,5"),
        ("\u{feff}a;b\r\n1,5;2\r\n", "1,5"),
        ("a\n\"1,5\"\n", "1,5"),
    ];
    for (text, expected) in cases {
        assert_eq!(csv(text).unwrap()[0].get("a"), Some(expected), "{text:?}");
    }
}

#[test]
fn headers_may_be_missing_double_or_behind_other_lines() {
    let read = |text: &str, format: CsvFormat| {
        let rows = rows(&Source::new(Format::Csv(format)), Cursor::new(text.to_owned())).unwrap();
        rows.iter()
            .map(|row| {
                row.iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect::<Vec<_>>()
    };
    let plain = CsvFormat::default;
    assert_eq!(
        read("1;2\n3;4\n", CsvFormat { header_lines: 0, ..plain() }),
        ["#1=1 #2=2", "#1=3 #2=4"]
    );
    let columns = vec!["code".to_owned(), "stock".to_owned()];
    assert_eq!(
        read("1;2\n", CsvFormat { header_lines: 0, columns, ..plain() }),
        ["code=1 stock=2"]
    );
    assert_eq!(read("a;b\nKód;Kusů\n1;2\n", CsvFormat { header_lines: 2, ..plain() }), ["a=1 b=2"]);
    assert_eq!(
        read(
            "Export 2026\n# x\na;b\n1;2\n",
            CsvFormat { lines_before: 1, comment: Some('#'), ..plain() }
        ),
        ["a=1 b=2"]
    );
}
