//! The authenticator in a browser, as files of this server.

use std::{fs, path::Path};

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use tempfile::TempDir;

use crate::{
    browser::{Answer, Browser},
    device_page::DevicePage,
    options::Options,
    start::start,
    world::World,
};

const FILES: [(&str, &str); 5] = [
    ("index.html", "text/html; charset=utf-8"),
    ("app.js", "text/javascript; charset=utf-8"),
    ("style.css", "text/css; charset=utf-8"),
    ("icon.svg", "image/svg+xml"),
    ("web_device.wasm", "application/wasm"),
];

/// What a build leaves, and what else may lie about; beside it, something that is nobody's.
fn folder() -> TempDir {
    let outer = tempfile::tempdir().unwrap();
    fs::write(outer.path().join("secret.js"), "secret").unwrap();
    let inner = outer.path().join("web_device");
    fs::create_dir_all(inner.join("sub")).unwrap();
    for (name, _) in FILES {
        fs::write(inner.join(name), format!("this is {name}")).unwrap();
    }
    for name in ["notes.txt", "Makefile", ".js", ".hidden.js", "app.js~", "app.JS", "sub/inner.js"] {
        fs::write(inner.join(name), "secret").unwrap();
    }
    #[cfg(unix)]
    for (link, to) in [("link.js", "../secret.js"), ("own.js", "app.js"), ("folder.js", "sub")] {
        std::os::unix::fs::symlink(to, inner.join(link)).unwrap();
    }
    outer
}

fn page(folder: &TempDir) -> DevicePage {
    DevicePage::read(&folder.path().join("web_device")).unwrap()
}

async fn world() -> (World, Browser, TempDir) {
    let folder = folder();
    let world = World::with_device_page(page(&folder)).await;
    let browser = world.browser();
    (world, browser, folder)
}

#[tokio::test]
async fn each_file_has_its_type_and_its_policy() {
    let (_world, mut browser, _folder) = world().await;
    assert_eq!(browser.get("/device").await.location(), "/device/");
    for (name, kind) in FILES.iter().copied().chain([("", FILES[0].1)]) {
        let answer = browser.get(&format!("/device/{name}")).await;
        let header = |name: &str| answer.headers[name].to_str().unwrap();
        assert_eq!((answer.status, header("content-type")), (StatusCode::OK, kind), "{name}");
        assert_eq!(answer.text, format!("this is {}", if name.is_empty() { "index.html" } else { name }));
        assert_eq!(header("cache-control"), "no-cache");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none';",
            "script-src 'self' 'wasm-unsafe-eval';",
            "form-action 'none';",
            "frame-ancestors 'none';",
            "sandbox allow-scripts allow-same-origin allow-forms",
        ] {
            assert!(policy.contains(part), "{name}: {part}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    }
    // The login's own pages keep theirs.
    let policy = browser.get("/").await.headers[header::CONTENT_SECURITY_POLICY].clone();
    assert!(!policy.to_str().unwrap().contains("wasm"), "{policy:?}");
}

/// All that README.md of the page asks for.
#[tokio::test]
async fn the_policy_is_the_one_that_the_page_was_tried_with() {
    let (_world, mut browser, _folder) = world().await;
    let answer = browser.get("/device/").await;
    let sent = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    let readme = include_str!("../../web_device/README.md");
    let (_, asked) = readme.split_once("Content-Security-Policy: ").unwrap();
    let asked = asked.lines().next().unwrap();
    assert_eq!(sent.strip_prefix(asked).unwrap(), "; sandbox allow-scripts allow-same-origin allow-forms");
}

#[tokio::test]
async fn nothing_but_the_files_of_the_folder() {
    let (_world, mut browser, folder) = world().await;
    let absolute = folder.path().join("secret.js");
    let absolute = absolute.to_str().unwrap();
    for name in [
        "../secret.js",
        "..%2fsecret.js",
        "%2e%2e/secret.js",
        "%2e%2e%2fsecret.js",
        "..%5csecret.js",
        "..\\secret.js",
        "./app.js",
        "/app.js",
        "%2fapp.js",
        "app.js/",
        "app.js%00",
        "app%2ejs",
        "sub/inner.js",
        "sub",
        "notes.txt",
        "Makefile",
        ".js",
        ".hidden.js",
        "app.js~",
        "app.JS",
        "link.js",
        "own.js",
        "folder.js",
        "missing.js",
        absolute,
        &absolute.replace('/', "%2f"),
        "../../../../../../../../etc/passwd",
    ] {
        let answer = ask(&mut browser, &format!("/device/{name}")).await;
        assert_eq!(
            answer.map(|answer| (answer.status, answer.text.contains("secret"))),
            Some((StatusCode::NOT_FOUND, false)),
            "{name}"
        );
    }
    // What comes before is no part of the name either.
    for path in
        ["//device/app.js", "/device//app.js", "/Device/app.js", "/x/../device/app.js", "/device/../device/app.js"]
    {
        assert_eq!(ask(&mut browser, path).await.unwrap().status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// `None` for what is no address at all.
async fn ask(browser: &mut Browser, path: &str) -> Option<Answer> {
    let request = browser.request(Method::GET, path).body(Body::empty()).ok()?;
    Some(browser.send(request).await)
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let (_world, mut browser, folder) = world().await;
    let tag = browser.get("/device/app.js").await.headers[header::ETAG].to_str().unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 40, "{tag}");
    for (known, status) in [
        (tag.clone(), StatusCode::NOT_MODIFIED),
        (format!("W/{tag}"), StatusCode::NOT_MODIFIED),
        (format!("\"old\", {tag}"), StatusCode::NOT_MODIFIED),
        ("*".into(), StatusCode::NOT_MODIFIED),
        ("\"old\"".into(), StatusCode::OK),
        (tag.replace('"', ""), StatusCode::OK),
        (String::new(), StatusCode::OK),
    ] {
        let request = browser.request(Method::GET, "/device/app.js").header(header::IF_NONE_MATCH, &known);
        let answer = browser.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.text.is_empty()), (status, status != StatusCode::OK), "{known}");
        assert_eq!(answer.headers[header::ETAG].to_str().unwrap(), tag);
        assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    }
    assert_ne!(browser.get("/device/").await.headers[header::ETAG], tag);
    fs::write(folder.path().join("web_device/app.js"), "new").unwrap();
    let later = World::with_device_page(page(&folder)).await;
    assert_ne!(later.browser().get("/device/app.js").await.headers[header::ETAG], tag);
}

#[tokio::test]
async fn a_file_is_only_looked_at() {
    let (_world, mut browser, _folder) = world().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        for path in ["/device", "/device/", "/device/app.js"] {
            let request = browser.request(method.clone(), path).header(header::ORIGIN, "http://127.0.0.1:8088");
            let answer = browser.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
    let request = browser.request(Method::HEAD, "/device/app.js").body(Body::empty()).unwrap();
    let answer = browser.send(request).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    assert_eq!(answer.headers[header::CONTENT_LENGTH], "14");
}

/// The page shares the origin, so a script that got into it would be answered as if it were the person.
#[tokio::test]
async fn a_script_gets_no_page_and_sends_no_form() {
    let (world, _, _folder) = world().await;
    let mut browser = world.after_password().await;
    let refused = async |browser: &mut Browser, method: &Method, path: &str, dest: &str| {
        let request = browser.request(method.clone(), path).header("sec-fetch-dest", dest);
        let request = request.header(header::ORIGIN, "http://127.0.0.1:8088").body(Body::empty()).unwrap();
        browser.send(request).await.status == StatusCode::FORBIDDEN
    };
    for path in ["/enrol", "/choose", "/home", "/passcode", "/operator", "/"] {
        for dest in ["empty", "iframe", "script", "worker", "image", ""] {
            assert!(refused(&mut browser, &Method::GET, path, dest).await, "{path} {dest}");
        }
        assert!(!refused(&mut browser, &Method::GET, path, "document").await, "{path}");
    }
    for path in ["/enrol", "/send", "/sign-out"] {
        let token = browser.get("/enrol").await.hidden("token").unwrap();
        for (dest, is_refused) in [("empty", true), ("document", false)] {
            let mut request = browser.form(path, &[("token", &token)]);
            request.headers_mut().insert("sec-fetch-dest", dest.parse().unwrap());
            assert_eq!(browser.send(request).await.status == StatusCode::FORBIDDEN, is_refused, "{path} {dest}");
        }
    }
    // A page's own script hears of changes, which is all that it asks for.
    let mut browser = world.after_password().await;
    assert!(!refused(&mut browser, &Method::GET, "/enrol/events", "empty").await);
    assert!(refused(&mut browser, &Method::GET, "/enrol/events", "iframe").await);
}

#[tokio::test]
async fn the_way_there_is_shown_where_there_is_one() {
    let (world, _, _folder) = world().await;
    let mut browser = world.after_password().await;
    browser.get("/enrol").await;
    browser.post("/enrol", &[]).await;
    let shown = browser.get("/enrol").await.text;
    let (_, uri) = shown.split_once("spellcheck=\"false\">").unwrap();
    let (_, link) = shown.split_once("id=\"in-browser\" href=\"").unwrap();
    let (uri, (link, rest)) = (uri.split('<').next().unwrap(), link.split_once('"').unwrap());
    let (page, fragment) = link.split_once('#').unwrap();
    assert_eq!(page, "http://127.0.0.1:8088/device/", "by the name that the offer has");
    assert!(fragment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%'), "{fragment}");
    assert_eq!(percent_encoding::percent_decode_str(fragment).decode_utf8().unwrap(), uri);
    assert!(rest.starts_with(" target=\"_blank\" rel=\"noopener\""), "{rest}");

    let without = World::new().await;
    let mut browser = without.after_password().await;
    browser.get("/enrol").await;
    browser.post("/enrol", &[]).await;
    let page = browser.get("/enrol").await;
    assert!(page.has("qr") && !page.text.contains("/device/"));
    for path in ["/device/", "/device/app.js"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

fn error(folder: &Path) -> String {
    match DevicePage::read(folder) {
        Ok(_) => panic!("{} was taken", folder.display()),
        Err(failure) => failure.explain(),
    }
}

#[tokio::test]
async fn a_folder_that_is_not_the_page_is_refused_at_the_start() {
    let outer = folder();
    let inner = outer.path().join("web_device");
    assert!(error(&outer.path().join("missing")).contains("missing: "));
    assert!(error(outer.path()).contains("examples/web_device/build"));
    let long = fs::File::create(inner.join("long.js")).unwrap();
    long.set_len(8 << 20).unwrap();
    assert!(DevicePage::read(&inner).is_ok());
    long.set_len((8 << 20) + 1).unwrap();
    assert!(error(&inner).contains("long.js is too long"));
    fs::remove_file(inner.join("long.js")).unwrap();
    fs::remove_file(inner.join("web_device.wasm")).unwrap();
    assert!(error(&inner).contains("examples/web_device/build"));

    let (db, missing) = (outer.path().join("login.db"), outer.path().join("missing"));
    let options = |device: &Path| {
        let arguments = ["--db", db.to_str().unwrap(), "--listen", "127.0.0.1:0", "--device", device.to_str().unwrap()];
        Options::parse(arguments.into_iter().map(String::from)).unwrap()
    };
    assert!(start(options(&missing)).await.is_err());
    assert!(!db.exists(), "before anything is made");
    fs::write(inner.join("web_device.wasm"), "").unwrap();
    let ready = start(options(&inner)).await.unwrap();
    assert!(ready.lines[1].contains("or this browser, by a link"), "{}", ready.lines[1]);
}
