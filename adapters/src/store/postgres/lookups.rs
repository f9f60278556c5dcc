//! Questions sorted by kind, each with its place in the answer.

use kontor_actors::{
    storable::has_nul,
    store::{Found, Lookup},
};

/// A question of `N` texts, with the place that its answer takes.
pub(super) type Question<'a, const N: usize> = (i64, [&'a str; N]);

/// What is asked, by kind.
#[derive(Default)]
pub(super) struct Questions<'a> {
    /// Tenant, domain, id.
    pub entities: Vec<Question<'a, 3>>,
    /// Tenant, domain, key, value.
    pub keys: Vec<Question<'a, 4>>,
    /// Tenant, domain, key.
    pub requests: Vec<Question<'a, 3>>,
    /// Tenant, domain, entity.
    pub person_keys: Vec<Question<'a, 3>>,
}

impl<'a> Questions<'a> {
    /// The questions by kind, and the answers as long as nothing is found. A text with a NUL is
    /// not asked for: it cannot have been kept, and PostgreSQL would refuse the whole question.
    pub fn sort(wanted: &'a [Lookup]) -> (Self, Vec<Found>) {
        let mut questions = Self::default();
        let mut found = Vec::with_capacity(wanted.len());
        for (place, lookup) in (0..).zip(wanted) {
            found.push(match lookup {
                Lookup::Entity(entity) => {
                    let name = [entity.tenant.as_str(), &*entity.domain, entity.entity.as_str()];
                    push(&mut questions.entities, place, name);
                    Found::Entity(None)
                }
                Lookup::Key { tenant, domain, name, value } => {
                    push(&mut questions.keys, place, [tenant.as_str(), domain, name, value]);
                    Found::Key(None)
                }
                Lookup::Request { tenant, domain, key } => {
                    push(&mut questions.requests, place, [tenant.as_str(), domain, key]);
                    Found::Request(None)
                }
                Lookup::PersonKey(entity) => {
                    let name = [entity.tenant.as_str(), &*entity.domain, entity.entity.as_str()];
                    push(&mut questions.person_keys, place, name);
                    Found::PersonKey(None)
                }
            });
        }
        (questions, found)
    }
}

fn push<'a, const N: usize>(questions: &mut Vec<Question<'a, N>>, place: i64, texts: [&'a str; N]) {
    if !texts.into_iter().any(has_nul) {
        questions.push((place, texts));
    }
}
