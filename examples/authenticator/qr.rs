//! The text of a QR code in an image file.

use std::{fs::File, io::Read as _, path::Path};

use rqrr::PreparedImage;
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;
use zune_png::PngDecoder;

/// The largest file, in bytes, and the longest side, in pixels.
const MAX_LEN: u64 = 16 << 20;
const MAX_SIDE: usize = 4096;

const UNREADABLE: &str = "This image cannot be read.";

struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// The text of the one QR code in a PNG or JPEG file.
pub(crate) fn read(path: &Path) -> Result<String, &'static str> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|_| "There is no such file, and it is no enrolment text either.")?;
    file.take(MAX_LEN).read_to_end(&mut bytes).map_err(|_| UNREADABLE)?;
    decode(&bytes)
}

pub(crate) fn decode(bytes: &[u8]) -> Result<String, &'static str> {
    let grey = match bytes {
        [0x89, b'P', b'N', b'G', ..] => png(bytes),
        [0xff, 0xd8, 0xff, ..] => jpeg(bytes),
        _ => return Err("This is neither a PNG nor a JPEG image."),
    };
    let Grey { width, height, pixels } = grey.ok_or(UNREADABLE)?;
    let pixel = |x: usize, y: usize| pixels.get(y * width + x).copied().unwrap_or(u8::MAX);
    let mut image = PreparedImage::prepare_from_greyscale(width, height, pixel);
    match image.detect_grids().as_slice() {
        [] => Err("There is no QR code in this image."),
        [grid] => grid.decode().map(|(_, text)| text).map_err(|_| "The QR code in this image cannot be read."),
        _ => Err("There is more than one QR code in this image. Cut out the right one."),
    }
}

fn options() -> DecoderOptions {
    DecoderOptions::new_safe().set_max_width(MAX_SIDE).set_max_height(MAX_SIDE)
}

fn jpeg(bytes: &[u8]) -> Option<Grey> {
    let options = options().jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let pixels = decoder.decode().ok()?;
    let info = decoder.info()?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    (pixels.len() == width * height).then_some(Grey { width, height, pixels })
}

fn png(bytes: &[u8]) -> Option<Grey> {
    let options = options().png_set_strip_to_8bit(true);
    let mut decoder = PngDecoder::new_with_options(ZCursor::new(bytes), options);
    let pixels = decoder.decode_raw().ok()?;
    let (width, height) = decoder.dimensions()?;
    let channels = pixels.len().checked_div(width * height)?;
    if !(1..=4).contains(&channels) || channels * width * height != pixels.len() {
        return None;
    }
    Some(Grey { width, height, pixels: pixels.chunks_exact(channels).map(grey).collect() })
}

/// A pixel on white paper.
fn grey(pixel: &[u8]) -> u8 {
    let (colour, alpha) = match *pixel {
        [grey] => (grey, u8::MAX),
        [grey, alpha] => (grey, alpha),
        [red, green, blue] => (mean(red, green, blue), u8::MAX),
        [red, green, blue, alpha] => (mean(red, green, blue), alpha),
        _ => return u8::MAX,
    };
    let (colour, alpha) = (u32::from(colour), u32::from(alpha));
    u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}

fn mean(red: u8, green: u8, blue: u8) -> u8 {
    u8::try_from((u16::from(red) + u16::from(green) + u16::from(blue)) / 3).unwrap_or(u8::MAX)
}
