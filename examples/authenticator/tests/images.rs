//! QR codes in image files.

use std::{fs, path::PathBuf};

use qrcode::{Color, QrCode};
use zune_core::{bit_depth::BitDepth, colorspace::ColorSpace, options::EncoderOptions};
use zune_png::PngEncoder;

use crate::{
    message::{Command, Event},
    qr,
    world::World,
};

/// Pixels on each side of a module, and modules on each side of the code.
const SCALE: usize = 4;
const QUIET: usize = 4;

/// The grey pixels of a QR code, and how many there are on each side.
fn pixels(text: &str) -> (Vec<u8>, usize) {
    let code = QrCode::new(text).unwrap();
    let (modules, width) = (code.to_colors(), code.width());
    let side = (width + 2 * QUIET) * SCALE;
    let dark = |x: usize, y: usize| {
        let at = |pixel: usize| (pixel / SCALE).checked_sub(QUIET).filter(|module| *module < width);
        at(x).zip(at(y)).is_some_and(|(x, y)| modules[y * width + x] == Color::Dark)
    };
    let all = (0..side * side).map(|at| if dark(at % side, at / side) { 0 } else { 255 });
    (all.collect(), side)
}

fn png(pixels: &[u8], (width, height): (usize, usize), colours: ColorSpace) -> Vec<u8> {
    let options = EncoderOptions::new(width, height, colours, BitDepth::Eight);
    let mut out = Vec::new();
    PngEncoder::new(pixels, options).encode(&mut out).unwrap();
    out
}

fn file(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("authenticator/tests").join(name)).unwrap()
}

#[test]
fn what_is_written_is_read() {
    for len in [1, 60, 200, 330] {
        let text = format!("pushotp://enrol#{}", "x".repeat(len));
        let (grey, side) = pixels(&text);
        assert_eq!(qr::decode(&png(&grey, (side, side), ColorSpace::Luma)).as_deref(), Ok(text.as_str()), "{len}");
    }
}

/// The forms in which other programs write images: grey or coloured, with or without transparency.
#[test]
fn all_kinds_of_pixels() {
    let (grey, side) = pixels("pushotp://enrol#abc");
    let as_bytes = |pixel: &dyn Fn(u8) -> Vec<u8>| grey.iter().flat_map(|grey| pixel(*grey)).collect::<Vec<u8>>();
    // Where there is nothing the paper is white, whatever colour nothing has.
    let alpha = |grey: u8| if grey == 0 { 255 } else { 0 };
    for (pixels, colours) in [
        (as_bytes(&|grey| vec![0, alpha(grey)]), ColorSpace::LumaA),
        (as_bytes(&|grey| vec![grey, grey, 255]), ColorSpace::RGB),
        (as_bytes(&|grey| vec![0, 0, 90, alpha(grey)]), ColorSpace::RGBA),
    ] {
        assert_eq!(
            qr::decode(&png(&pixels, (side, side), colours)).as_deref(),
            Ok("pushotp://enrol#abc"),
            "{colours:?}"
        );
    }
}

/// Written by another program: a photograph's format, and the smallest pixels that there are.
#[test]
fn images_of_other_programs() {
    for name in IMAGES {
        assert_eq!(qr::decode(&file(name)).as_deref(), Ok("pushotp://enrol#c29tZXRoaW5n"), "{name}");
    }
}

#[test]
fn what_is_no_image_of_one_code_says_so() {
    let white = png(&[255; 64 * 64], (64, 64), ColorSpace::Luma);
    let (grey, side) = pixels("one");
    let two: Vec<u8> = grey.chunks(side).flat_map(|row| [row, row].concat()).collect();
    let huge = png(&vec![255; 4097], (4097, 1), ColorSpace::Luma);
    for (image, says) in [
        (white, "There is no QR code"),
        (png(&two, (2 * side, side), ColorSpace::Luma), "more than one"),
        (huge, "cannot be read"),
        (b"GIF89a".to_vec(), "neither a PNG nor a JPEG"),
        (Vec::new(), "neither a PNG nor a JPEG"),
        (b"\x89PNG\r\n".to_vec(), "cannot be read"),
        (b"\xff\xd8\xff\xe0".to_vec(), "cannot be read"),
    ] {
        let said = qr::decode(&image).unwrap_err();
        assert!(said.contains(says), "{says}: {said}");
    }
}

const IMAGES: [&str; 3] = ["qr.jpg", "qr_one_bit.png", "qr_palette.png"];

/// No cut of an image brings the program down. It and the next one take seconds, so that they run side by side.
#[test]
fn images_that_are_cut_off_are_refused_or_read() {
    for image in IMAGES.map(file) {
        for at in (0..image.len()).step_by(7) {
            let _ = qr::decode(&image[..at]);
        }
    }
}

/// No changed byte of an image brings the program down.
#[test]
fn damaged_images_are_refused_or_read() {
    for image in IMAGES.map(file) {
        for at in (0..image.len()).step_by(7) {
            let mut changed = image.clone();
            changed[at] ^= 0x55;
            let _ = qr::decode(&changed);
        }
    }
}

/// A whole enrolment from an image file, and a file that is not there.
#[test]
fn a_device_enrols_from_an_image() {
    let mut world = World::new();
    let offer = world.server.offer(world.unix());
    let (grey, side) = pixels(&pushotp::provision::enrolment::write(&offer).unwrap());
    let path = world.folder.path().join("login.png");
    fs::write(&path, png(&grey, (side, side), ColorSpace::Luma)).unwrap();
    world.command(Command::Enrol(zeroize::Zeroizing::new(format!(" {} ", path.display()))));
    world.carry();
    assert!(world.heard.iter().any(|event| matches!(event, Event::Compare { .. })));
    world.command(Command::Enrol(zeroize::Zeroizing::new("no/such/file.png".into())));
    assert!(matches!(world.heard.last(), Some(Event::NotEnrolled(why)) if why.contains("no such file")));
}
