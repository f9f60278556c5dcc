//! Suppliers' feeds: from any reader of bytes to records that mean the same whatever format,
//! encoding or dialect they came in.
//!
//! The crate is pure: it fetches nothing, stores nothing, knows neither clock nor chance, and does
//! not know the actors. Everything is pulled, row by row, by a thread that may wait; memory does not
//! grow with the feed. Whoever uses it does this:
//!
//! 1. [`open`] a reader with a [`Source`]: it is unpacked, decoded and split into [`RawRow`]s.
//! 2. [`Mapping::fingerprint`] tells whether a row can be left alone; if not, [`Mapping::apply`]
//!    makes a [`Record`] of it, or the list of its faults.
//! 3. [`gates::Gates::judge`] says whether what was found may be applied at all.
//! 4. [`Rows::position`] is what to keep, and [`Rows::skip_to`] goes on there after a crash.
//!
//! A feed that is not whole ends with a [`FeedError`]: no row of it may be applied, since the rows
//! that are missing would look like products that are gone.
//!
//! ```
//! use kontor_feeds::gates::{Figures, Gates};
//! use kontor_feeds::mapping::presets::Preset;
//! use kontor_feeds::{Mapped, Mapping, Source, Stock, open};
//!
//! let feed = r#"<?xml version="1.0" encoding="utf-8"?>
//! <SHOP><SHOPITEM>
//!   <ITEM_ID>VL-1001</ITEM_ID><PRODUCTNAME>Vrták 8 mm</PRODUCTNAME><EAN>8590001000021</EAN>
//!   <PURCHASE_PRICE>82,50</PURCHASE_PRICE><VAT>0,21</VAT><STOCK>&gt; 10</STOCK>
//! </SHOPITEM></SHOP>"#;
//!
//! let source = Source::new(Preset::Heureka.format());
//! let mut rules = Preset::Heureka.rules();
//! rules.reading.currency = Some(kontor_messages::Currency::CZK);
//! let mapping = Mapping::compile(&rules).expect("the preset is good");
//!
//! let mut figures = Figures::default();
//! let mut rows = open(feed.as_bytes(), &source)?;
//! while let Some(row) = rows.next_row()? {
//!     figures.rows += 1;
//!     match mapping.apply(row) {
//!         Ok(Mapped::Record(record)) => {
//!             figures.count_record(&record);
//!             assert_eq!(record.code, "VL-1001");
//!             assert_eq!(record.stock, Some(Stock::at_least(10)));
//!             assert_eq!(record.purchase_price.map(|price| price.amount_minor), Some(8250));
//!         }
//!         Ok(Mapped::Filtered) => {}
//!         Err(faults) => figures.errors += u64::from(!faults.is_empty()),
//!     }
//! }
//! assert!(Gates::default().judge(&figures, None).passes());
//! # Ok::<(), kontor_feeds::FeedError>(())
//! ```

pub mod decimal;
mod encoding;
mod error;
mod formats;
pub mod gates;
pub mod generate;
mod gtin;
mod hash;
mod limits;
pub mod mapping;
mod record;
mod unpack;

pub use encoding::{Charset, TextReport, undo_double_encoding};
pub use error::{FeedError, FeedFault};
pub use formats::{
    CsvFormat, Delimiter, Dialect, Envelope, Format, Head, JsonFormat, Position, Progress, Quote,
    RawRow, RowElement, Rows, Source, XmlFormat, open,
};
pub use gtin::GtinFault;
pub use hash::Fingerprint;
pub use kontor_messages::catalog::{Gtin, GtinScope};
pub use limits::Limits;
pub use mapping::{Mapped, Mapping, RowError, RuleFault, Rules};
pub use record::{LeadTime, Note, Param, Quantity, Record, Stock, VatRate};
pub use unpack::BodyDigest;
