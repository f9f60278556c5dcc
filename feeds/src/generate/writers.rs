//! Each dialect's own way of writing a product down.

use super::{Plan, Product};
use crate::mapping::presets::Preset;
use crate::record::Stock;
use std::fmt::Write;

const BMECAT: &str = "<SUPPLIER><SUPPLIER_NAME>Testa s.r.o.</SUPPLIER_NAME></SUPPLIER></HEADER>";

pub(super) fn head(plan: &Plan, out: &mut String) {
    let xml = |out: &mut String, root: &str| {
        let charset = plan.charset.name().to_ascii_lowercase();
        let _ = write!(out, "<?xml version=\"1.0\" encoding=\"{charset}\"?>\n{root}\n");
    };
    match plan.dialect {
        Preset::Heureka | Preset::Shoptet | Preset::Nody => xml(out, "<SHOP>"),
        Preset::HeurekaAvailability => xml(out, "<item_list>"),
        Preset::Bmecat12 | Preset::Bmecat2005 => {
            let version = if plan.dialect == Preset::Bmecat12 { "1.2" } else { "2005" };
            let root = format!(
                "<BMECAT version=\"{version}\"><HEADER><CATALOG><LANGUAGE>ces</LANGUAGE>\
                 <CURRENCY>CZK</CURRENCY></CATALOG>{BMECAT}<T_NEW_CATALOG>"
            );
            xml(out, &root);
        }
        Preset::Iof | Preset::IofLight => xml(
            out,
            "<offer file_format=\"IOF\" version=\"3.0\" generated=\"2026-03-02 04:00:00\">\
             <products currency=\"CZK\">",
        ),
        Preset::Google => xml(
            out,
            "<rss version=\"2.0\" xmlns:g=\"http://base.google.com/ns/1.0\"><channel>\
             <title>Testa</title>",
        ),
        Preset::ShoptetCsv => out.push_str(
            "code;name;manufacturer;ean;purchasePrice;price;includingVat;percentVat;currency;stock;\
             categoryText;variant:Barva;defaultImage;\r\n",
        ),
        Preset::RestJson => out.push_str("{\"code\":200,\"message\":\"OK\",\"data\":[\n"),
    }
}

pub(super) fn tail(plan: &Plan, out: &mut String) {
    out.push_str(match plan.dialect {
        Preset::Heureka | Preset::Shoptet | Preset::Nody => "</SHOP>\n",
        Preset::HeurekaAvailability => "</item_list>\n",
        Preset::Bmecat12 | Preset::Bmecat2005 => "</T_NEW_CATALOG></BMECAT>\n",
        Preset::Iof | Preset::IofLight => "</products></offer>\n",
        Preset::Google => "</channel></rss>\n",
        Preset::ShoptetCsv => "",
        Preset::RestJson => "],\"paging\":{\"offset\":0}}\n",
    });
}

pub(super) fn row(dialect: Preset, row: u64, product: &Product, out: &mut String) {
    let written = match dialect {
        Preset::Heureka => heureka(product, out),
        Preset::HeurekaAvailability => availability(product, out),
        Preset::Shoptet => shoptet(row, product, out),
        Preset::ShoptetCsv => shoptet_csv(product, out),
        Preset::Bmecat12 => bmecat(["ARTICLE", "AID"], product, out),
        Preset::Bmecat2005 => bmecat(["PRODUCT", "PID"], product, out),
        Preset::Iof | Preset::IofLight => iof(row, product, out),
        Preset::Google => google(product, out),
        Preset::Nody => nody(product, out),
        Preset::RestJson => rest_json(row, product, out),
    };
    // A string takes whatever is written.
    debug_assert!(written.is_ok());
}

/// An amount with two decimals behind a mark.
fn amount(minor: i64, mark: char) -> String {
    format!("{}{mark}{:02}", minor / 100, minor % 100)
}

fn units(product: &Product) -> i64 {
    product.stock.countable(2).unwrap_or(0)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn heureka(product: &Product, out: &mut String) -> std::fmt::Result {
    let Product { code, name, brand, color, image, category, .. } = product;
    writeln!(
        out,
        "<SHOPITEM><ITEM_ID>{code}</ITEM_ID><PRODUCTNAME>{}</PRODUCTNAME>\
         <MANUFACTURER>{}</MANUFACTURER><EAN>{}</EAN><PURCHASE_PRICE>{}</PURCHASE_PRICE>\
         <PRICE_VAT>{}</PRICE_VAT><VAT>{}%</VAT><STOCK_QUANTITY>{}</STOCK_QUANTITY>\
         <DELIVERY_DATE>{}</DELIVERY_DATE><CATEGORYTEXT>{} | {}</CATEGORYTEXT>\
         <PARAM><PARAM_NAME>Barva</PARAM_NAME><VAL>{color}</VAL></PARAM><IMGURL>{image}</IMGURL>\
         </SHOPITEM>",
        escaped(name),
        escaped(brand),
        product.ean.as_deref().unwrap_or(""),
        amount(product.purchase_minor, ','),
        amount(product.rrp_minor, ','),
        product.vat_percent,
        units(product),
        if product.stock == Stock::None { 14 } else { 0 },
        category[0],
        category[1],
    )
}

fn availability(product: &Product, out: &mut String) -> std::fmt::Result {
    let (code, stock) = (&product.code, units(product));
    writeln!(out, "<item id=\"{code}\"><stock_quantity>{stock}</stock_quantity></item>")
}

fn shoptet(row: u64, product: &Product, out: &mut String) -> std::fmt::Result {
    let Product { code, name, brand, color, image, category, .. } = product;
    writeln!(
        out,
        "<SHOPITEM id=\"{id}\"><NAME>{}</NAME><MANUFACTURER>{}</MANUFACTURER>\
         <CATEGORIES><CATEGORY id=\"1\">{} &gt; {}</CATEGORY></CATEGORIES>\
         <IMAGES><IMAGE>{image}</IMAGE></IMAGES><VARIANTS><VARIANT id=\"{id}\"><PARAMETERS><PARAMETER>\
         <NAME>Barva</NAME><VALUE>{color}</VALUE></PARAMETER></PARAMETERS><CODE>{code}</CODE>\
         <EAN>{}</EAN><CURRENCY>CZK</CURRENCY><VAT>{}</VAT><PRICE_VAT>{}</PRICE_VAT>\
         <PURCHASE_PRICE>{}</PURCHASE_PRICE><STOCK><AMOUNT>{}.000</AMOUNT></STOCK></VARIANT>\
         </VARIANTS></SHOPITEM>",
        escaped(name),
        escaped(brand),
        category[0],
        category[1],
        product.ean.as_deref().unwrap_or(""),
        product.vat_percent,
        amount(product.rrp_minor, '.'),
        amount(product.purchase_minor, '.'),
        units(product),
        id = row + 1,
    )
}

fn shoptet_csv(product: &Product, out: &mut String) -> std::fmt::Result {
    let Product { code, name, brand, color, image, category, .. } = product;
    write!(
        out,
        "{code};\"{name}\";{brand};{};{};{};1;{};CZK;{};\"{} > {}\";{color};{image};\r\n",
        product.ean.as_deref().unwrap_or(""),
        amount(product.purchase_minor, ','),
        amount(product.rrp_minor, ','),
        product.vat_percent,
        units(product),
        category[0],
        category[1],
    )
}

fn bmecat([row, id]: [&str; 2], product: &Product, out: &mut String) -> std::fmt::Result {
    let Product { code, name, brand, color, image, .. } = product;
    let ean = match (&product.ean, row) {
        (None, _) => String::new(),
        (Some(ean), "ARTICLE") => format!("<EAN>{ean}</EAN>"),
        (Some(ean), _) => format!("<INTERNATIONAL_PID type=\"gtin\">{ean}</INTERNATIONAL_PID>"),
    };
    let price = |kind: &str, minor: i64| {
        format!(
            "<{row}_PRICE price_type=\"{kind}\"><PRICE_AMOUNT>{}</PRICE_AMOUNT>\
             <PRICE_CURRENCY>CZK</PRICE_CURRENCY><TAX>0.{:02}</TAX></{row}_PRICE>",
            amount(minor, '.'),
            product.vat_percent
        )
    };
    writeln!(
        out,
        "<{row} mode=\"new\"><SUPPLIER_{id}>{code}</SUPPLIER_{id}><{row}_DETAILS><DESCRIPTION_SHORT>{}\
         </DESCRIPTION_SHORT>{ean}<MANUFACTURER_NAME>{}</MANUFACTURER_NAME></{row}_DETAILS>\
         <{row}_FEATURES><FEATURE><FNAME>Barva</FNAME><FVALUE>{color}</FVALUE></FEATURE></{row}_FEATURES>\
         <{row}_ORDER_DETAILS><ORDER_UNIT>BX</ORDER_UNIT><NO_CU_PER_OU>10</NO_CU_PER_OU>\
         <PRICE_QUANTITY>1</PRICE_QUANTITY></{row}_ORDER_DETAILS><{row}_PRICE_DETAILS>{}{}\
         </{row}_PRICE_DETAILS><MIME_INFO><MIME><MIME_SOURCE>{image}</MIME_SOURCE>\
         <MIME_PURPOSE>normal</MIME_PURPOSE></MIME></MIME_INFO><USER_DEFINED_EXTENSIONS>\
         <UDX.STOCK>{}</UDX.STOCK></USER_DEFINED_EXTENSIONS></{row}>",
        escaped(name),
        escaped(brand),
        price("net_customer", product.purchase_minor * 10),
        price("nrp", product.rrp_minor * 10),
        units(product),
    )
}

fn iof(row: u64, product: &Product, out: &mut String) -> std::fmt::Result {
    let Product { code, name, brand, color, image, category, .. } = product;
    let (net, gross) = (product.purchase_minor, product.rrp_minor);
    writeln!(
        out,
        "<product id=\"{}\" vat=\"{}.0\"><producer id=\"1\" name=\"{}\"/><category id=\"1\" \
         name=\"{}/{}\"/><description><name xml:lang=\"cze\">{}</name></description><price \
         net=\"{}\"/><srp gross=\"{}\"/><sizes><size id=\"1\" code=\"{code}\" \
         code_producer=\"{}\"><stock id=\"1\" quantity=\"{}\"/></size></sizes><images><large><image \
         url=\"{image}\"/></large></images><parameters><parameter name=\"Barva\"><value \
         name=\"{color}\"/></parameter></parameters></product>",
        row + 1,
        product.vat_percent,
        escaped(brand),
        category[0],
        category[1],
        escaped(name),
        amount(net, '.'),
        amount(gross, '.'),
        product.ean.as_deref().unwrap_or(""),
        units(product),
    )
}

fn google(product: &Product, out: &mut String) -> std::fmt::Result {
    let Product { code, name, brand, color, image, category, .. } = product;
    let stock = if product.stock == Stock::None { "out_of_stock" } else { "in_stock" };
    writeln!(
        out,
        "<item><g:id>{code}</g:id><title>{}</title><g:brand>{}</g:brand><g:gtin>{}</g:gtin>\
         <g:price>{} CZK</g:price><g:availability>{stock}</g:availability><g:product_type>{} &gt; {}\
         </g:product_type><g:color>{color}</g:color><g:image_link>{image}</g:image_link></item>",
        escaped(name),
        escaped(brand),
        product.ean.as_deref().unwrap_or(""),
        amount(product.rrp_minor, '.'),
        category[0],
        category[1],
    )
}

fn nody(product: &Product, out: &mut String) -> std::fmt::Result {
    let Product { code, name, brand, image, category, .. } = product;
    writeln!(
        out,
        "<SHOPITEM><CODE>{code}</CODE><PRODUCTNAME>{}</PRODUCTNAME><MANUFACTURER>{}</MANUFACTURER>\
         <EAN_CODE>{}</EAN_CODE><PURCHASE_PRICE>{}</PURCHASE_PRICE><PRICE_VAT>{}</PRICE_VAT>\
         <VAT>{}</VAT><CURRENCY>CZK</CURRENCY><IN_STOCK>{}.000</IN_STOCK>\
         <CATEGORY_1>{} &gt; {}</CATEGORY_1><PHOTO_1>{image}</PHOTO_1></SHOPITEM>",
        escaped(name),
        escaped(brand),
        product.ean.as_deref().unwrap_or(""),
        amount(product.purchase_minor, '.'),
        amount(product.rrp_minor, '.'),
        product.vat_percent,
        units(product),
        category[0],
        category[1],
    )
}

fn rest_json(row: u64, product: &Product, out: &mut String) -> std::fmt::Result {
    let Product { code, name, brand, image, category, .. } = product;
    let ean = product.ean.as_ref().map_or("null".to_owned(), |ean| format!("\"{ean}\""));
    let comma = if row > 0 { ",\n" } else { "" };
    write!(
        out,
        "{comma}{{\"id\":{},\"code\":\"{code}\",\"name\":\"{name}\",\"brand\":\"{brand}\",\"ean\":{ean},\
         \"wholesale_price\":\"{}00\",\"price_retail_vat\":{},\"vat\":{},\"currency\":\"CZK\",\
         \"quantity\":{},\"images\":[\"{image}\"],\"category\":\"{} > {}\"}}",
        row + 9000,
        amount(product.purchase_minor, '.'),
        amount(product.rrp_minor, '.'),
        product.vat_percent,
        units(product),
        category[0],
        category[1],
    )
}
