//! Which rule answers which command, and what suppliers and sources answer.

use super::{Answer, View, categories, check, imports, offers, state::SourceDocument, undo};
use crate::domain::{Decision, Stop, refuse};
use kontor_messages::{
    Timestamp,
    supplier::{
        FeedFile, SourceSettings, SupplierCommand as C, SupplierEvent as E, SupplierRefusal as R,
        SupplierSettings, source_entity, supplier_entity,
    },
};

/// Answers a command with what happens, or with a refusal.
pub(super) fn decide(world: &View<'_>, command: C, now: Timestamp) -> Answer {
    match command {
        C::PutSupplier { code, settings } => put_supplier(world, &code, settings),
        C::PutSource { code, settings } => put_source(world, &code, settings),
        C::RemoveSource { code } => remove_source(world, &code),
        C::RecordUpload { code, file, observed_at } => {
            uploaded(world, &code, file, observed_at.unwrap_or(now).min(now))
        }
        C::MapCategory { code, path, category } => categories::map(world, &code, path, category),
        C::RecordCategories { code, counts } => categories::counted(world, &code, counts),
        C::Start { import, code, trigger, dry_run } => {
            imports::start(world, import, &code, trigger, dry_run)
        }
        C::RecordBegun { import } => imports::begun(world, import),
        C::RecordFetched { import, fetched, unchanged } => {
            imports::fetched(world, import, fetched, unchanged, now)
        }
        C::RecordJudged { import, figures, warnings, progress } => {
            imports::of_open(world, import, |_| Some(E::Judged { figures, warnings, progress }))
        }
        C::RecordRejected { import, gate, reason, figures } => {
            imports::rejected(world, import, gate, &reason, figures)
        }
        C::RecordOffers { import, offers, failed, problems, progress } => {
            let rows = offers::Rows { offers, failed, problems };
            offers::record(world, import, rows, progress)
        }
        C::RecordProgress { import, progress } => imports::of_open(world, import, |known| {
            let news =
                (known.progress.rows, known.progress.bytes) < (progress.rows, progress.bytes);
            news.then_some(E::Progressed { progress })
        }),
        C::RecordMissing { import, losses } => offers::missing(world, import, losses),
        C::RecordProblems { import, page, problems, dropped } => {
            imports::problems(world, import, page, (problems, dropped))
        }
        C::RecordLeftOut { import, rows } => imports::left_out(world, import, rows),
        C::RecordCompleted { import, counts, samples } => {
            imports::completed(world, import, counts, samples)
        }
        C::RecordFailed { import, problem } => imports::failed(world, import, &problem),
        C::Cancel { import } => imports::cancel(world, import),
        C::Undo { import } => undo::request(world, import),
        C::RecordUndone { import, down_to, pages, kept, done } => {
            undo::record(world, import, undo::Step { down_to, pages, kept, done })
        }
        C::Wake { import } => imports::wake(world, import, now),
    }
}

fn put_supplier(world: &View<'_>, code: &str, settings: SupplierSettings) -> Answer {
    check::code("/code", code).map_err(Stop::Refused)?;
    check::supplier(&settings).map_err(Stop::Refused)?;
    let entity = supplier_entity(code);
    if world.get(&entity)?.supplier().is_some_and(|known| known.settings == settings) {
        return Ok(Decision::nothing(entity));
    }
    Ok(Decision::of(entity, vec![E::SupplierPut { settings }]))
}

fn put_source(world: &View<'_>, code: &str, settings: Box<SourceSettings>) -> Answer {
    check::code("/code", code).map_err(Stop::Refused)?;
    check::source(&settings).map_err(Stop::Refused)?;
    let entity = source_entity(code);
    let known = world.get(&entity)?.source();
    if world.get(&supplier_entity(&settings.supplier))?.supplier().is_none() {
        return refuse(R::invalid("/supplier", "expected the code of a supplier"));
    }
    match known {
        Some(known) if !known.removed && known.settings == *settings => {
            Ok(Decision::nothing(entity))
        }
        Some(known) if known.settings.supplier != settings.supplier => {
            refuse(R::Impossible("a source stays with its supplier".to_owned()))
        }
        _ => Ok(Decision::of(entity, vec![E::SourcePut { settings }])),
    }
}

fn remove_source(world: &View<'_>, code: &str) -> Answer {
    let entity = source_entity(code);
    match world.get(&entity)?.source() {
        None => refuse(R::NotFound("source")),
        Some(known) if known.removed => Ok(Decision::nothing(entity)),
        Some(known) => match &known.open {
            Some(open) => refuse(R::Running(open.clone())),
            None => Ok(Decision::of(entity, vec![E::SourceRemoved])),
        },
    }
}

fn uploaded(world: &View<'_>, code: &str, file: FeedFile, observed_at: Timestamp) -> Answer {
    let entity = source_entity(code);
    let known = there(world, code)?;
    let bytes = file.sha256.bytes();
    if file.sha256.len() != 64 || !bytes.into_iter().all(|c| c.is_ascii_hexdigit()) {
        return refuse(R::invalid("/file/sha256", "expected 64 hexadecimal digits"));
    }
    let same = known.upload.as_ref();
    if same.is_some_and(|same| same.file == file && same.observed_at == observed_at) {
        return Ok(Decision::nothing(entity));
    }
    Ok(Decision::of(entity, vec![E::FileUploaded { file, observed_at }]))
}

/// A source that is not removed.
pub(super) fn there<'w>(world: &'w View<'_>, code: &str) -> Result<&'w SourceDocument, Stop<R>> {
    match world.get(&source_entity(code))?.source() {
        Some(known) if !known.removed => Ok(known),
        _ => refuse(R::NotFound("source")),
    }
}
