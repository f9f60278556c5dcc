//! One tenant's index.

use super::{Asked, Facets, Found, SearchFault, fold};
use kontor_actors::catalog::Product;
use kontor_messages::catalog::{
    Attribute, AttributeKind, AttributeValue, Field as Said, FieldValue,
};
use std::{collections::HashMap, path::Path};
use tantivy::{
    Index, IndexReader, IndexWriter, Order, ReloadPolicy, TantivyDocument, Term,
    aggregation::{AggregationCollector, agg_req::Aggregations},
    collector::{Count, TopDocs},
    query::{AllQuery, BooleanQuery, BoostQuery, FuzzyTermQuery, Occur, Query, TermQuery},
    schema::{FAST, Field, IndexRecordOption, STORED, STRING, Schema, TEXT, Value},
};

/// Bytes that a writer may take for what it has not written yet.
const WRITER_BYTES: usize = 16_000_000;
/// Words of a question that are looked for.
const WORDS_MAX: usize = 12;
/// Values of a facet that are told.
const FACET_MAX: usize = 20;

/// The attributes of a tenant, by their codes.
pub(super) type Attributes = HashMap<String, Attribute>;

/// One tenant's index, open.
pub(super) struct Shelf {
    index: Index,
    reader: IndexReader,
    names: Names,
}

/// The fields of the index.
#[derive(Clone, Copy)]
struct Names {
    id: Field,
    status: Field,
    title: Field,
    text: Field,
    code: Field,
    brand: Field,
    category: Field,
    attribute: Field,
    made: Field,
}

fn schema() -> (Schema, Names) {
    let mut schema = Schema::builder();
    let names = Names {
        id: schema.add_text_field("id", STRING | STORED),
        status: schema.add_text_field("status", STRING | FAST),
        title: schema.add_text_field("title", TEXT),
        text: schema.add_text_field("text", TEXT),
        code: schema.add_text_field("code", STRING),
        brand: schema.add_text_field("brand", STRING | FAST),
        category: schema.add_text_field("category", STRING | FAST),
        attribute: schema.add_text_field("attribute", STRING | FAST),
        made: schema.add_u64_field("made", FAST),
    };
    (schema.build(), names)
}

impl Shelf {
    /// Opens an index in a folder; makes it if there is none.
    pub(super) fn open(folder: &Path) -> Result<Self, SearchFault> {
        std::fs::create_dir_all(folder)?;
        let (schema, names) = schema();
        let place = tantivy::directory::MmapDirectory::open(folder)
            .map_err(|broken| SearchFault(broken.to_string()))?;
        let index = Index::open_or_create(place, schema)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, reader, names })
    }

    /// Writes products as they are, and takes away those that are not there.
    pub(super) fn write(
        &self,
        products: &[(String, Option<Product>)],
        attributes: &Attributes,
    ) -> Result<(), SearchFault> {
        let mut writer: IndexWriter = self.index.writer_with_num_threads(1, WRITER_BYTES)?;
        for (id, product) in products {
            writer.delete_term(Term::from_field_text(self.names.id, id));
            if let Some(product) = product {
                writer.add_document(self.document(id, product, attributes))?;
            }
        }
        writer.commit()?;
        writer.wait_merging_threads()?;
        self.reader.reload()?;
        Ok(())
    }

    fn document(&self, id: &str, product: &Product, attributes: &Attributes) -> TantivyDocument {
        let names = self.names;
        let mut document = TantivyDocument::default();
        document.add_text(names.id, id);
        document.add_text(names.status, product.status().as_str());
        document.add_text(names.code, fold::code(&product.sku));
        document.add_u64(names.made, product.created_at.millis().max(0).unsigned_abs());
        let words = |text: &str| fold::words(text).join(" ");
        for (field, value) in &product.fields {
            match (field, value) {
                (Said::Title(_), FieldValue::Text(text)) => {
                    document.add_text(names.title, words(text));
                }
                (Said::Summary(_) | Said::Manufacturer, FieldValue::Text(text)) => {
                    document.add_text(names.text, words(text));
                }
                (Said::Brand, FieldValue::Text(text)) => {
                    document.add_text(names.brand, text);
                    document.add_text(names.text, words(text));
                }
                (Said::Ean | Said::Mpn, FieldValue::Text(text)) => {
                    let code = fold::code(text);
                    // Codes of different lengths compare without the zeros before them.
                    document.add_text(names.code, code.trim_start_matches('0'));
                    document.add_text(names.code, code);
                }
                (Said::Tags, FieldValue::List(tags)) => {
                    tags.iter().for_each(|tag| document.add_text(names.text, words(tag)));
                }
                (Said::Categories, FieldValue::List(ids)) => {
                    ids.iter().for_each(|id| document.add_text(names.category, id));
                }
                (Said::Attribute(code), FieldValue::Attribute(value)) => {
                    if let Some(known) = attributes.get(code) {
                        self.describe(&mut document, code, known, value);
                    }
                }
                _ => {}
            }
        }
        document
    }

    /// An attribute as a facet and as words, as far as its definition says.
    fn describe(
        &self,
        document: &mut TantivyDocument,
        code: &str,
        known: &Attribute,
        value: &AttributeValue,
    ) {
        let flag;
        let values: Vec<&str> = match value {
            AttributeValue::Flag(is) => {
                flag = is.to_string();
                vec![&flag]
            }
            AttributeValue::Text(text) => vec![text],
            AttributeValue::Many(many) => many.iter().map(String::as_str).collect(),
        };
        for value in values {
            if known.filterable {
                document.add_text(self.names.attribute, format!("{code}={value}"));
            }
            if !known.searchable {
                continue;
            }
            document.add_text(self.names.text, fold::words(value).join(" "));
            if let AttributeKind::Select { options } | AttributeKind::MultiSelect { options } =
                &known.kind
            {
                for label in options.get(value).into_iter().flat_map(|labels| labels.values()) {
                    document.add_text(self.names.text, fold::words(label).join(" "));
                }
            }
        }
    }

    /// Looks for products.
    pub(super) fn find(&self, asked: &Asked) -> Result<Found, SearchFault> {
        let searcher = self.reader.searcher();
        let query = self.query(asked);
        let top = TopDocs::with_limit(asked.limit.max(1)).and_offset(asked.offset);
        let mut ids = Vec::with_capacity(asked.limit);
        let mut take = |address| -> Result<(), SearchFault> {
            let document: TantivyDocument = searcher.doc(address)?;
            let id = document.get_first(self.names.id).and_then(|id| id.as_str());
            ids.extend(id.map(str::to_owned));
            Ok(())
        };
        if asked.words.is_empty() {
            let newest = top.order_by_fast_field::<u64>("made", Order::Desc);
            for (_, address) in searcher.search(&query, &newest)? {
                take(address)?;
            }
        } else {
            for (_, address) in searcher.search(&query, &top.order_by_score())? {
                take(address)?;
            }
        }
        let facets = AggregationCollector::from_aggs(aggregations()?, Default::default());
        let (total, facets) = searcher.search(&query, &(Count, facets))?;
        let facets =
            serde_json::to_value(facets).map_err(|broken| SearchFault(broken.to_string()))?;
        Ok(Found { total, ids, facets: read_facets(&facets) })
    }

    fn query(&self, asked: &Asked) -> Box<dyn Query> {
        let names = self.names;
        let mut must: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let one = |field, text: &str| -> Box<dyn Query> {
            let term = Term::from_field_text(field, text);
            Box::new(TermQuery::new(term, IndexRecordOption::Basic))
        };
        for word in asked.words.iter().take(WORDS_MAX) {
            must.push((Occur::Must, self.word(word)));
        }
        for (field, wanted) in [(names.status, &asked.status), (names.brand, &asked.brand)] {
            if let Some(wanted) = wanted {
                must.push((Occur::Must, one(field, wanted)));
            }
        }
        if let Some(categories) = &asked.categories {
            let any = categories.iter().map(|id| (Occur::Should, one(names.category, id)));
            must.push((Occur::Must, Box::new(BooleanQuery::new(any.collect()))));
        }
        for wanted in &asked.attributes {
            must.push((Occur::Must, one(names.attribute, wanted)));
        }
        if must.is_empty() { Box::new(AllQuery) } else { Box::new(BooleanQuery::new(must)) }
    }

    /// A word as it is, as a beginning, or misspelt: the longer it is, the more.
    fn word(&self, word: &str) -> Box<dyn Query> {
        let distance = match word.chars().count() {
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        let mut any: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        // A word as it is weighs more than one that begins so, and that more than a slip.
        for (field, whole, begins, near) in
            [(self.names.title, 4.0, 2.0, 1.0), (self.names.text, 1.0, 0.5, 0.25)]
        {
            let term = Term::from_field_text(field, word);
            let exact = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs);
            any.push((Occur::Should, Box::new(BoostQuery::new(Box::new(exact), whole))));
            let prefix = FuzzyTermQuery::new_prefix(term.clone(), 0, true);
            any.push((Occur::Should, Box::new(BoostQuery::new(Box::new(prefix), begins))));
            if distance > 0 {
                let slip = FuzzyTermQuery::new(term, distance, true);
                any.push((Occur::Should, Box::new(BoostQuery::new(Box::new(slip), near))));
            }
        }
        let code = Term::from_field_text(self.names.code, word);
        let code = FuzzyTermQuery::new_prefix(code, 0, true);
        any.push((Occur::Should, Box::new(BoostQuery::new(Box::new(code), 8.0))));
        Box::new(BooleanQuery::new(any))
    }
}

fn aggregations() -> Result<Aggregations, SearchFault> {
    let terms = |field: &str| serde_json::json!({ "terms": { "field": field, "size": FACET_MAX } });
    let all = serde_json::json!({ "brand": terms("brand"), "category": terms("category"),
        "status": terms("status"), "attribute": terms("attribute") });
    serde_json::from_value(all).map_err(|broken| SearchFault(broken.to_string()))
}

fn read_facets(told: &serde_json::Value) -> Facets {
    let mut facets = Facets::new();
    for (name, facet) in told.as_object().into_iter().flatten() {
        let buckets = facet["buckets"].as_array().into_iter().flatten();
        let counts = buckets.filter_map(|bucket| {
            Some((bucket["key"].as_str()?.to_owned(), bucket["doc_count"].as_u64()?))
        });
        facets.insert(name.clone(), counts.collect());
    }
    facets
}
