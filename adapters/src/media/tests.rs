//! What is kept of media, and what is not.

use super::*;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::json;
use std::io::Cursor;

fn harbour() -> TenantId {
    TenantId::parse("harbour-books").unwrap()
}

fn kept_in(folder: &tempfile::TempDir) -> Media {
    let settings = MediaSettings { side_max_px: 2_000, ..MediaSettings::default() };
    Media::open(folder.path(), settings).unwrap()
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Bytes {
    let mut content = Cursor::new(Vec::new());
    picture.write_to(&mut content, format).unwrap();
    content.into_inner().into()
}

fn red(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_pixel(width, height, Rgb([200, 10, 10])).into()
}

async fn side(media: &Media, hash: &str, side: u32) -> (MediaFormat, (u32, u32)) {
    let (format, content) = media.read(&harbour(), hash, Some(side)).await.unwrap().unwrap();
    let picture = image::load_from_memory(&content).unwrap();
    (format, (picture.width(), picture.height()))
}

#[tokio::test]
async fn a_picture_is_kept_by_its_hash_with_smaller_copies() {
    let folder = tempfile::tempdir().unwrap();
    let media = kept_in(&folder);
    let content = written(&red(1_600, 400), ImageFormat::Png);
    let kept = media.keep(&harbour(), content.clone()).await.unwrap();
    assert_eq!(kept.hash, hex::encode(Sha256::digest(&content)));
    assert_eq!((kept.width_px, kept.height_px), (Some(1_600), Some(400)));
    let whole = media.read(&harbour(), &kept.hash, None).await.unwrap();
    assert_eq!(whole, Some((MediaFormat::Png, content.clone())));
    assert_eq!(side(&media, &kept.hash, 200).await, (MediaFormat::Jpeg, (200, 50)));
    assert_eq!(side(&media, &kept.hash, 800).await, (MediaFormat::Jpeg, (800, 200)));
    assert_eq!(media.keep(&harbour(), content).await.unwrap(), kept);
}

#[tokio::test]
async fn a_small_picture_stays_as_large_as_it_is_and_what_is_seen_through_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let media = kept_in(&folder);
    let clear: DynamicImage = RgbaImage::from_pixel(40, 20, Rgba([0, 0, 0, 0])).into();
    let kept = media.keep(&harbour(), written(&clear, ImageFormat::Png)).await.unwrap();
    assert_eq!(side(&media, &kept.hash, 200).await, (MediaFormat::Png, (40, 20)));
    for format in [ImageFormat::Jpeg, ImageFormat::WebP] {
        let kept = media.keep(&harbour(), written(&red(300, 300), format)).await.unwrap();
        assert_eq!(side(&media, &kept.hash, 200).await, (MediaFormat::Jpeg, (200, 200)));
    }
}

#[tokio::test]
async fn what_a_browser_would_run_or_nobody_can_read_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let media = kept_in(&folder);
    for content in ["<html><script>", "<svg xmlns='http://www.w3.org/2000/svg'/>", "", "GIF89a"] {
        let kept = media.keep(&harbour(), Bytes::from_static(content.as_bytes())).await;
        assert_eq!(kept, Err(MediaFault::Unknown), "{content}");
    }
    let broken = Bytes::from_static(b"\x89PNG\r\n\x1a\nnothing");
    assert!(matches!(media.keep(&harbour(), broken).await, Err(MediaFault::Picture(_))));
    let large = written(&red(2_001, 1), ImageFormat::Png);
    assert!(matches!(media.keep(&harbour(), large).await, Err(MediaFault::Picture(_))));
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[tokio::test]
async fn one_tenant_s_media_are_not_another_s_and_go_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let media = kept_in(&folder);
    let paper = Bytes::from_static(b"%PDF-1.7 ...");
    let kept = media.keep(&harbour(), paper).await.unwrap();
    let other = TenantId::parse("other-books").unwrap();
    assert_eq!(media.read(&other, &kept.hash, None).await, Ok(None));
    assert_eq!(media.read(&harbour(), "../../etc/passwd", None).await, Ok(None));
    media.forget(&harbour()).await.unwrap();
    media.forget(&harbour()).await.unwrap();
    assert_eq!(media.read(&harbour(), &kept.hash, None).await, Ok(None));
}

#[test]
fn a_folder_and_a_bucket_are_one_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let settings = json!({ "folder": "/srv/media", "s3": {
        "bucket": "shop", "access_key_id": "a", "secret_access_key": "b" } });
    let settings: MediaSettings = serde_json::from_value(settings).unwrap();
    let wrong = Media::open(folder.path(), settings).err().unwrap();
    assert_eq!(wrong, "media: folder and s3: expected one of them");
}
