use std::path::PathBuf;

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Without a browser.
    pub(crate) device_only: bool,
    /// The browser shows a window.
    pub(crate) headed: bool,
    /// The browser stays until Enter is pressed.
    pub(crate) keep: bool,
    /// Where to put a picture of the page at the end.
    pub(crate) screenshot: Option<PathBuf>,
}

const USAGE: &str = "usage: webpush_device [--headed] [--keep] [--screenshot FILE] | --device-only
  --headed           the browser shows a window, which needs a display
  --keep             the browser stays open until you press Enter
  --screenshot FILE  a picture of the page at the end, PNG
  --device-only      no browser: a program subscribes and receives in its place";

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--device-only" => options.device_only = true,
                "--headed" => options.headed = true,
                "--keep" => options.keep = true,
                "--screenshot" => options.screenshot = Some(arguments.next().ok_or(USAGE)?.into()),
                _ => return Err(USAGE),
            }
        }
        let wants_browser = options.headed || options.keep || options.screenshot.is_some();
        if options.device_only && wants_browser { Err(USAGE) } else { Ok(options) }
    }
}
