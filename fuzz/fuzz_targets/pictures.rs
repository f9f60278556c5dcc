//! Uploads: whatever the bytes are, they are kept as what they are or refused, with bounded memory;
//! what is kept as a picture has its smaller copies.

#![no_main]

use kontor_adapters::media::{Media, MediaSettings, SIZES};
use kontor_messages::TenantId;
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// So small that a picture's own words about its size are what is tried, not patience.
const SIDE_MAX: u32 = 2_000;

thread_local! {
    static WORLD: RefCell<Option<(Runtime, TempDir, Media)>> = const { RefCell::new(None) };
}

fuzz_target!(|bytes: &[u8]| {
    WORLD.with_borrow_mut(|world| {
        let (runtime, _, media) = world.get_or_insert_with(open);
        let tenant = TenantId::parse("harbour-books").expect("a name");
        runtime.block_on(async {
            let Ok(kept) = media.keep(&tenant, bytes.to_vec().into()).await else { return };
            assert_eq!(kept.size_bytes, bytes.len());
            let whole = media.read(&tenant, &kept.hash, None).await.expect("a folder");
            assert_eq!(whole, Some((kept.format, bytes.to_vec().into())));
            for side in SIZES {
                let copy = media.read(&tenant, &kept.hash, Some(side)).await.expect("a folder");
                assert_eq!(copy.is_some(), kept.format.is_picture());
            }
            media.forget(&tenant).await.expect("a folder");
        });
    });
});

fn open() -> (Runtime, TempDir, Media) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let settings = MediaSettings { side_max_px: SIDE_MAX, ..Default::default() };
    let media = Media::open(folder.path(), settings).expect("a folder");
    (runtime, folder, media)
}
