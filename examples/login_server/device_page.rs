//! The authenticator that runs in a browser: the files that `examples/web_device/build` makes, read once at the start.
//!
//! A request names one of them or nothing: no path is made of what it says.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use data_encoding::HEXLOWER;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::{app::Shared, assets, failure::Failure, site::Site};

/// What that page needs, and besides `sandbox`: it shares this origin, so it opens no window that its script could use.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; \
                      style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      sandbox allow-scripts allow-same-origin allow-forms";

/// The files that there may be, by the end of their names.
const KINDS: [(&str, &str); 5] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("wasm", "application/wasm"),
];

/// The longest file, in bytes: several times the module.
const LONGEST: u64 = 8 << 20;

pub(crate) struct DevicePage {
    files: BTreeMap<String, File>,
}

struct File {
    kind: &'static str,
    /// Changes with the content.
    tag: String,
    bytes: Bytes,
}

impl DevicePage {
    /// What is in the folder; without one what was built beside this program, if it was.
    pub(crate) fn find(folder: Option<&Path>) -> Result<Option<Self>, Failure> {
        match (folder, built()) {
            (Some(folder), _) => Self::read(folder).map(Some),
            (None, Some(folder)) if folder.exists() => Self::read(&folder).map(Some),
            (None, _) => Ok(None),
        }
    }

    /// The plain files of the folder that are of a known kind. A link could lead out of it, so it is none of them.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Some(kind) = kind(&name).filter(|_| entry.file_type().is_ok_and(|found| found.is_file())) else {
                continue;
            };
            if entry.metadata()?.len() > LONGEST {
                return Err(format!("{} is too long for a file of the page", entry.path().display()).into());
            }
            let bytes = Bytes::from(fs::read(entry.path())?);
            let tag = format!("\"{}\"", HEXLOWER.encode(&Sha256::digest(&bytes)));
            files.insert(name, File { kind, tag, bytes });
        }
        if files.contains_key("index.html") && files.contains_key("web_device.wasm") {
            Ok(Self { files })
        } else {
            Err(format!("{} is not what examples/web_device/build makes", folder.display()).into())
        }
    }
}

/// `web_device` in the target folder that this program was built in: two folders up from its own.
fn built() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    Some(program.parent()?.parent()?.parent()?.join("web_device"))
}

fn kind(name: &str) -> Option<&'static str> {
    let (_, end) = name.rsplit_once('.').filter(|_| !name.starts_with('.'))?;
    KINDS.iter().find(|(known, _)| *known == end).map(|(_, kind)| *kind)
}

/// Where an offer is taken into this browser. By the name that the offer has, since the page sends nowhere else; in the
/// fragment, which no server sees.
pub(crate) fn link(site: &Site, uri: &str) -> String {
    format!("{}#{}", site.url("/device/"), utf8_percent_encode(uri, NON_ALPHANUMERIC))
}

pub(crate) async fn folder() -> Redirect {
    Redirect::to("/device/")
}

pub(crate) async fn file(State(app): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let name = match uri.path().strip_prefix("/device/") {
        Some("") | None => "index.html",
        Some(name) => name,
    };
    let Some(file) = app.device_page.as_ref().and_then(|page| page.files.get(name)) else {
        return assets::not_found().await;
    };
    let about: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, file.kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // Asked for each time, so that no old script meets a new module; answered in a word if nothing has changed.
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, &file.tag),
    ];
    if has(&headers, &file.tag) {
        (StatusCode::NOT_MODIFIED, about).into_response()
    } else {
        (about, file.bytes.clone()).into_response()
    }
}

/// Whether the browser says that it has this content (RFC 9110 §13.1.2).
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|found| found == "*" || found.trim_start_matches("W/") == tag)
}
