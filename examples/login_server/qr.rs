//! A QR code as a drawing in the page: nothing is loaded, and it stays sharp at any size.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

use crate::failure::Failure;

/// The light margin that readers need, in modules.
const QUIET: usize = 4;

/// Dark modules on a light ground, whatever the colours of the page.
pub(crate) fn svg(text: &str) -> Result<String, Failure> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let (width, modules) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (at, _) in modules.iter().enumerate().filter(|(_, module)| **module == Color::Dark) {
        write!(path, "M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET)?;
    }
    Ok(format!(
        "<svg viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"QR code\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}
