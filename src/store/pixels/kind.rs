//! Kinds of image files, told by their first bytes: names lie.

/// Bytes at the beginning of a file that tell its kind.
pub(in super::super) const ENOUGH: usize = 32;

/// A kind of image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// With any extension: jpg, jpeg, jpe, jfif.
    Jpeg,
    /// Moving ones too (APNG).
    Png,
    /// Its first frame is read.
    Gif,
    /// Of Windows and OS/2.
    Bmp,
    /// Its first page is read.
    Tiff,
    /// Its first frame is read.
    WebP,
    /// Not read.
    Heic,
    /// Not read.
    Avif,
    /// Not read.
    JpegXl,
    /// Not read.
    Jpeg2000,
    /// Not read.
    Icon,
    /// Not read.
    Photoshop,
    /// PBM, PGM, PPM and PAM; not read.
    Netpbm,
}

impl FileKind {
    /// Whether images of this kind are read.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::Jpeg | Self::Png | Self::Gif | Self::Bmp | Self::Tiff | Self::WebP
        )
    }

    /// Its name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::JpegXl => "JPEG XL",
            Self::Jpeg2000 => "JPEG 2000",
            Self::Icon => "icon",
            Self::Photoshop => "Photoshop",
            Self::Netpbm => "Netpbm",
        }
    }
}

/// The kind of an image file, by its first bytes; None where it is no image of a known kind.
#[must_use]
pub fn kind_of(bytes: &[u8]) -> Option<FileKind> {
    let begins = |with: &[u8]| bytes.starts_with(with);
    let brand = (bytes.get(4..8) == Some(b"ftyp"))
        .then(|| bytes.get(8..12))
        .flatten();
    match brand {
        Some(b"avif" | b"avis") => return Some(FileKind::Avif),
        Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => {
            // Files of both kinds may name the common one first.
            let avif = bytes
                .get(..ENOUGH.min(bytes.len()))
                .is_some_and(|head| head.windows(4).any(|four| four == b"avif"));
            return Some(if avif { FileKind::Avif } else { FileKind::Heic });
        }
        _ => {}
    }
    Some(match bytes {
        [0xFF, 0xD8, 0xFF, ..] => FileKind::Jpeg,
        _ if begins(b"\x89PNG\r\n\x1a\n") => FileKind::Png,
        _ if begins(b"GIF87a") || begins(b"GIF89a") => FileKind::Gif,
        _ if [&b"II*\0"[..], b"MM\0*", b"II+\0", b"MM*\0", b"II\0*"]
            .iter()
            .any(|mark| begins(mark)) =>
        {
            FileKind::Tiff
        }
        _ if begins(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => FileKind::WebP,
        _ if begins(b"\xFF\x0A") || begins(b"\0\0\0\x0CJXL ") => FileKind::JpegXl,
        _ if begins(b"\0\0\0\x0CjP  ") || begins(b"\xFF\x4F\xFF\x51") => FileKind::Jpeg2000,
        _ if begins(b"8BPS\0\x01") => FileKind::Photoshop,
        [0, 0, 1 | 2, 0, count, 0, ..] if *count > 0 => FileKind::Icon,
        [b'P', b'1'..=b'7', b' ' | b'\n' | b'\r' | b'\t', ..] => FileKind::Netpbm,
        // Two letters are few: the size of the header that follows tells more.
        [b'B', b'M', ..]
            if matches!(
                bytes.get(14..18),
                Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])
            ) =>
        {
            FileKind::Bmp
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{FileKind, kind_of};

    #[test]
    fn kinds_are_told_by_the_first_bytes() {
        let cases: [(&[u8], Option<FileKind>); 9] = [
            (b"\xFF\xD8\xFF\xE0", Some(FileKind::Jpeg)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Some(FileKind::Heic)),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", Some(FileKind::Avif)),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", Some(FileKind::Avif)),
            (b"\0\0\0\x1cftypisom\0\0\0\0", None),
            (b"BMW is no bitmap, nor has it a header", None),
            (b"RIFF\x10\0\0\0WAVE", None),
            (b"P6\n3 4\n", Some(FileKind::Netpbm)),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(kind_of(bytes), expected, "{bytes:?}");
        }
    }
}
