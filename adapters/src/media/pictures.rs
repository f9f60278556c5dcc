//! Smaller copies of pictures. Reads no more than a bounded number of pixels.

use super::{MediaFault, SIZES};
use image::{DynamicImage, ExtendedColorType, ImageReader, Limits, codecs::jpeg::JpegEncoder};
use std::io::Cursor;

/// Bytes that reading a picture may take.
const ALLOC_MAX: u64 = 256 * 1024 * 1024;
const JPEG_QUALITY: u8 = 82;

/// A picture's size, and its smaller copies.
pub(super) struct Smaller {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) copies: Vec<Copy>,
}

/// A smaller copy.
pub(super) struct Copy {
    pub(super) side: u32,
    pub(super) content: Vec<u8>,
}

/// Reads a picture and makes its smaller copies; one that is small already is copied as it is.
pub(super) fn smaller(content: &[u8], side_max: u32) -> Result<Smaller, MediaFault> {
    let mut reader = ImageReader::new(Cursor::new(content))
        .with_guessed_format()
        .map_err(|broken| MediaFault::Picture(broken.to_string()))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(side_max);
    limits.max_image_height = Some(side_max);
    limits.max_alloc = Some(ALLOC_MAX);
    reader.limits(limits);
    let picture = reader.decode().map_err(|broken| MediaFault::Picture(broken.to_string()))?;
    let (width, height) = (picture.width(), picture.height());
    let copies = SIZES.into_iter().map(|side| {
        let small =
            if width.max(height) <= side { picture.clone() } else { picture.thumbnail(side, side) };
        copy(side, &small)
    });
    Ok(Smaller { width, height, copies: copies.collect::<Result<_, _>>()? })
}

/// What can be seen through stays so; everything else is smaller as JPEG.
fn copy(side: u32, picture: &DynamicImage) -> Result<Copy, MediaFault> {
    let mut content = Vec::new();
    let fault = |broken: image::ImageError| MediaFault::Picture(broken.to_string());
    if picture.color().has_alpha() {
        let mut written = Cursor::new(&mut content);
        picture.write_to(&mut written, image::ImageFormat::Png).map_err(fault)?;
        return Ok(Copy { side, content });
    }
    let plain = picture.to_rgb8();
    JpegEncoder::new_with_quality(&mut content, JPEG_QUALITY)
        .encode(plain.as_raw(), plain.width(), plain.height(), ExtendedColorType::Rgb8)
        .map_err(fault)?;
    Ok(Copy { side, content })
}
