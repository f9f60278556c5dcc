//! What must hold whatever is asked, in whatever order.

use super::*;
use crate::{book::Book, catalog::tree, domain::Decision, testing::tenant};
use proptest::prelude::*;

const IDS: [&str; 4] = ["a", "b", "c", "d"];
const SOURCES: [&str; 4] = ["supplier:acme", "supplier:beta:9", "marketplace:allegro", "operator"];

/// Something asked for; numbers choose from the lists above.
#[derive(Clone, Debug)]
enum Ask {
    Create(usize, usize, u8),
    Change(usize, usize, u8, u8),
    Import(usize, Vec<(usize, u8, u8)>, u8),
    Release(usize, u8),
    Link(usize, usize),
    Category(usize, Option<usize>),
    Move(usize, Option<usize>),
    Merge(usize, usize),
    Hide(usize, bool),
    Rule(u32),
    Wait(u32),
}

fn ask() -> impl Strategy<Value = Ask> {
    let (id, source) = (0..4_usize, 0..4_usize);
    let parent = || prop::option::of(0..4_usize);
    prop_oneof![
        2 => (id.clone(), source.clone(), 0..6_u8).prop_map(|(p, s, v)| Ask::Create(p, s, v)),
        6 => (id.clone(), source.clone(), 0..9_u8, 0..5_u8)
            .prop_map(|(p, s, f, v)| Ask::Change(p, s, f, v)),
        3 => (source, prop::collection::vec((0..4_usize, 0..9_u8, 0..5_u8), 1..5), 0..3_u8)
            .prop_map(|(s, rows, run)| Ask::Import(s, rows, run)),
        1 => (id.clone(), 0..9_u8).prop_map(|(p, f)| Ask::Release(p, f)),
        1 => (id.clone(), 0..3_usize).prop_map(|(p, c)| Ask::Link(p, c)),
        2 => (id.clone(), parent()).prop_map(|(c, p)| Ask::Category(c, p)),
        3 => (id.clone(), parent()).prop_map(|(c, p)| Ask::Move(c, p)),
        2 => (id.clone(), 0..4_usize).prop_map(|(c, into)| Ask::Merge(c, into)),
        1 => (id, any::<bool>()).prop_map(|(c, hidden)| Ask::Hide(c, hidden)),
        1 => (0..9_000_u32).prop_map(Ask::Rule),
        1 => (1..90_u32).prop_map(Ask::Wait),
    ]
}

/// A field with one of a few things that it may say.
fn said(which: u8, value: u8) -> Fields {
    let word = format!("v{value}");
    let minor = i64::from(value) * 100;
    match which {
        0 => fields([("title.cs", text(&word))]),
        1 => fields([("brand", if value == 0 { None } else { text(&word) })]),
        2 => fields([("ean", text(["96385074", EAN][usize::from(value % 2)]))]),
        3 => fields([("categories", list(&[IDS[usize::from(value % 4)]]))]),
        4 => fields([("price.cost.CZK", amount(minor))]),
        5 => fields([("price.base.CZK", amount(minor))]),
        6 => fields([("status", text(["draft", "active", "archived"][usize::from(value % 3)]))]),
        7 => fields([("variant_of", text(IDS[usize::from(value % 4)]))]),
        _ => {
            let parts = BTreeMap::from([(IDS[usize::from(value % 4)].to_owned(), 1)]);
            fields([("components", Some(FieldValue::Parts(parts)))])
        }
    }
}

fn command(ask: &Ask) -> Option<C> {
    let name = |one: usize| IDS[one].to_owned();
    Some(match ask.clone() {
        Ask::Create(product, source, value) => {
            create(IDS[product], said(0, value), writer(SOURCES[source], None))
        }
        Ask::Change(product, source, which, value) => {
            change(IDS[product], said(which, value), writer(SOURCES[source], None))
        }
        Ask::Import(source, rows, run) => {
            let row = |(product, which, value): (usize, u8, u8)| ImportRow {
                target: Target::Sku(IDS[product].to_uppercase()),
                new: Some(NewProduct {
                    product: id(IDS[product]),
                    sku: IDS[product].to_uppercase(),
                }),
                fields: said(which, value),
                link: None,
            };
            let by = writer(SOURCES[source], Some(&format!("run-{run}")));
            C::Import { by, rows: rows.into_iter().map(row).collect() }
        }
        Ask::Release(product, which) => {
            let fields = said(which, 1).into_keys().collect();
            C::ReleaseFields { product: id(IDS[product]), fields }
        }
        Ask::Link(product, code) => {
            let (source, code) = ("acme".to_owned(), code.to_string());
            let link = SupplierLink { source, code, by_hand: false };
            C::LinkProduct { product: id(IDS[product]), link }
        }
        Ask::Category(one, parent) => put(IDS[one], category(parent.map(|parent| IDS[parent]))),
        Ask::Move(one, parent) => {
            C::MoveCategory { category: id(IDS[one]), parent: parent.map(name), position: 0 }
        }
        Ask::Merge(one, into) => C::MergeCategory { category: id(IDS[one]), into: name(into) },
        Ask::Hide(one, archived) => C::ArchiveCategory { category: id(IDS[one]), archived },
        Ask::Rule(bp) => {
            use kontor_messages::catalog::{Formula, PriceRule, Pricing, Rounding, RuleScope};
            let rule = PriceRule {
                name: "all".to_owned(),
                scope: RuleScope::default(),
                currency: Currency::CZK,
                channel: None,
                cost_from_minor: 0,
                formula: Formula::Markup { bp },
                vat_bp: 0,
                floor_markup_bp: 0,
                recommended_max: false,
                rounding: Rounding::default(),
                priority: 0,
            };
            C::PutPricing { pricing: Pricing { rules: vec![rule] } }
        }
        Ask::Wait(_) => return None,
    })
}

fn ranks(product: &Product) -> BTreeMap<Field, (u16, Option<FieldValue>)> {
    let owned = product.owners.iter().flat_map(|owner| {
        let rank = owner.source.rank();
        owner.fields.iter().map(move |field| (field, rank))
    });
    owned.map(|(field, rank)| (field.clone(), (rank, product.value(field).cloned()))).collect()
}

/// What lists say of a product and what the product says is the same.
fn check_lists(stage: &Stage<Catalog>) -> Result<(), TestCaseError> {
    for (entity, held) in stage.book().entities() {
        let name = entity.as_str();
        match &*held.state {
            CatalogState::Product(product) => {
                for variant in &product.variants {
                    let known = stage.state(&product_entity(variant));
                    let parent = known.product().and_then(|known| known.text(&Field::VariantOf));
                    prop_assert_eq!(
                        parent.map(|parent| format!("product/{parent}")),
                        Some(name.to_owned())
                    );
                    prop_assert!(product.value(&Field::VariantOf).is_none(), "nested variants");
                }
                prop_assert!(
                    product.bundles.is_empty() || !product.is_bundle(),
                    "nested bundles: {name}"
                );
                let owned: usize = product.owners.iter().map(|owner| owner.fields.len()).sum();
                let distinct: std::collections::BTreeSet<_> =
                    product.owners.iter().flat_map(|owner| &owner.fields).collect();
                prop_assert_eq!(owned, distinct.len());
            }
            CatalogState::Ean { products } => {
                for product in products {
                    let known = stage.state(&product_entity(product));
                    let code = known.product().and_then(|known| known.text(&Field::Ean));
                    let code = code.and_then(kontor_messages::catalog::Gtin::parse);
                    prop_assert_eq!(code.map(|code| ean_entity(&code)), Some(entity.clone()));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn categories(stage: &Stage<Catalog>) -> BTreeMap<String, CategoryDocument> {
    let known = stage.book().entities().filter_map(|(id, held)| {
        let id = id.as_str().strip_prefix("category/")?.to_owned();
        Some((id, held.state.category()?.clone()))
    });
    known.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_tree_has_no_cycle_no_lower_source_overwrites_and_a_replay_is_the_same(
        asks in prop::collection::vec(ask(), 1..60)
    ) {
        let mut stage = nothing();
        let mut past = Vec::new();
        for ask in &asks {
            if let Ask::Wait(minutes) = ask {
                stage = stage.after(Duration::from_secs(60 * u64::from(*minutes)));
                stage.wake_due();
                continue;
            }
            let Some(command) = command(ask) else { continue };
            let before: BTreeMap<_, _> = IDS
                .iter()
                .filter_map(|id| Some((*id, ranks(stage.state(&product_entity(id)).product()?))))
                .collect();
            let rank = match &command {
                C::ChangeProduct { by, .. } | C::Import { by, .. } | C::CreateProduct { by, .. } => {
                    Some(by.source.rank())
                }
                _ => None,
            };
            let at = stage.now();
            let again = command.clone();
            let Ok(events) = stage.obey(command) else { continue };
            past.push((at, events));
            if let Some(rank) = rank {
                for (id, was) in before {
                    let now = ranks(stage.state(&product_entity(id)).product().unwrap());
                    for (field, (owner, value)) in was.iter().filter(|(_, (owner, _))| *owner > rank) {
                        // What follows from a cost is the rule's word, not whoever's cost it is.
                        let rule = now[field].0 == 200 && *owner <= 200;
                        prop_assert!(rule || now[field] == (*owner, value.clone()), "{id} {field}");
                    }
                }
            }
            prop_assert!(tree::ends(&categories(&stage)));
            check_lists(&stage)?;
            if !matches!(again, C::Import { .. }) {
                let repeated = stage.obey(again.clone());
                let repeated: Vec<_> = repeated.into_iter().flatten().collect();
                prop_assert!(repeated.is_empty(), "{again:?} twice: {repeated:?}");
            }
        }
        let mut book = Book::<Catalog>::new(tenant());
        for (at, events) in past {
            let subject = id("x");
            book.absorb(Decision { subject, events }, at, 0);
        }
        for (entity, held) in stage.book().entities() {
            let Some(replayed) = book.get(entity) else {
                prop_assert_eq!(held.version, 0);
                continue;
            };
            // Waking is not in `past`; it changes nothing here, since no price has a period.
            prop_assert_eq!(&replayed.state, &held.state);
            prop_assert_eq!(replayed.version, held.version);
        }
    }

    #[test]
    fn an_undone_run_leaves_what_was_there_before(
        first in prop::collection::vec((0..3_u8, 1..5_u8), 1..5),
        second in prop::collection::vec((0..3_u8, 0..5_u8), 1..5),
    ) {
        let run = |name: &str, rows: &[(u8, u8)]| C::Import {
            by: supplier(name),
            rows: rows.iter().map(|(which, value)| ImportRow {
                target: Target::Sku("A".to_owned()),
                new: Some(NewProduct { product: id("a"), sku: "A".to_owned() }),
                fields: said(*which, *value),
                link: None,
            }).collect(),
        };
        let mut stage = nothing();
        stage.obey(run("run-1", &first)).unwrap();
        let was = product(&stage, "a");
        let events = stage.obey(run("run-2", &second)).unwrap();
        let past: Vec<_> = events.into_iter().map(|(_, event)| event).collect();
        let before = before("run-2", &past);
        stage.obey(C::UndoRun { product: id("a"), run: "run-2".to_owned(), before }).unwrap();
        let now = product(&stage, "a");
        prop_assert_eq!(&now.fields, &was.fields);
        prop_assert_eq!(ranks(&now), ranks(&was));
    }
}
