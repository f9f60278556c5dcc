//! What may be kept, told by how it begins.

use serde::Serialize;
use utoipa::ToSchema;

/// What a medium is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaFormat {
    /// A JPEG picture.
    Jpeg,
    /// A PNG picture.
    Png,
    /// A WebP picture.
    Webp,
    /// An MP4 film.
    Mp4,
    /// A PDF.
    Pdf,
}

impl MediaFormat {
    /// What content is, if it may be kept.
    pub fn of(content: &[u8]) -> Option<Self> {
        let begins = |at: usize, with: &[u8]| content.get(at..at + with.len()) == Some(with);
        if begins(0, b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if begins(0, b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if begins(0, b"RIFF") && begins(8, b"WEBP") {
            Some(Self::Webp)
        } else if begins(4, b"ftyp") {
            Some(Self::Mp4)
        } else if begins(0, b"%PDF-") {
            Some(Self::Pdf)
        } else {
            None
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Pdf => "application/pdf",
        }
    }

    /// Whether it is a picture.
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Webp)
    }
}
