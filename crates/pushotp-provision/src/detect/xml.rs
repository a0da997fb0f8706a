use crate::Format;

/// Tells XML by its root element, without parsing it.
pub(super) fn detect(text: &str) -> Option<Format> {
    let name = root(text)?;
    let local = name.split_once(':').map_or(name, |(_, local)| local);
    Some(match local {
        "KeyContainer" | "SecretContainer" => Format::Pskc,
        "Tokens" => Format::AladdinXml,
        "TKNBatch" => Format::SecurIdSdtid,
        "WinAuth" => Format::WinAuthXml,
        "map" => Format::FreeOtp,
        _ if local.starts_with("KeyProv") || local.starts_with("CT_KIP") => Format::Dskpp,
        _ => return None,
    })
}

/// The name of the first element behind declarations, comments and instructions.
fn root(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.split_once('<')?.1;
        let end = match rest.as_bytes() {
            [b'?', ..] => "?>",
            [b'!', b'-', b'-', ..] => "-->",
            [b'!', ..] => ">",
            _ => break,
        };
        rest = rest.split_once(end)?.1;
    }
    let end = rest.find(|character: char| character.is_ascii_whitespace() || "/>".contains(character))?;
    rest.get(..end)
}
