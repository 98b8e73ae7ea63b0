//! The two forms of a signed Release file: clear-signed, and beside its signatures (apt-secure(8)).

use pgp::armor::BlockType;
use pgp::composed::{ArmorOptions, CleartextSignedMessage};
use pgp::packet::{PacketTrait, Signature};
use pgp::ser::Serialize;

use super::SigningError;

/// The text of a Release file as it is clear-signed: without its last line end, which belongs to the frame (RFC 4880, 7.1).
///
/// # Errors
/// When clear-signing would not keep it as it is.
pub(super) fn text_of(release: &[u8]) -> Result<&str, SigningError> {
    let refused = |reason: String| Err(SigningError::NoRelease(reason));
    let Ok(text) = std::str::from_utf8(release) else { return refused("it is not UTF-8".to_owned()) };
    let text = text.strip_suffix('\n').unwrap_or(text);
    for (index, line) in text.split('\n').enumerate() {
        let number = index + 1;
        if line.is_empty() {
            return refused(format!("line {number} is empty"));
        }
        if line.ends_with([' ', '\t', '\r']) {
            return refused(format!("line {number} ends with white space"));
        }
    }
    Ok(text)
}

/// InRelease: the text, and behind it the signatures of it.
pub(super) fn clear_signed(text: &str, signatures: Vec<Signature>) -> Result<Vec<u8>, SigningError> {
    let message = CleartextSignedMessage::new_many(text, |_| Ok(signatures))?;
    Ok(message.to_armored_bytes(ArmorOptions::default())?)
}

/// Release.gpg: the signatures of the file, each of its bytes.
pub(super) fn detached(signatures: Vec<Signature>) -> Result<Vec<u8>, SigningError> {
    let (mut text, options) = (Vec::new(), ArmorOptions::default());
    let all = Signatures(signatures);
    pgp::armor::write(&all, BlockType::Signature, &mut text, options.headers, options.include_checksum)?;
    Ok(text)
}

/// A signature as it is, without the armour of text.
pub(super) fn packet(signature: &Signature) -> Result<Vec<u8>, SigningError> {
    let mut bytes = Vec::new();
    signature.to_writer_with_header(&mut bytes)?;
    Ok(bytes)
}

struct Signatures(Vec<Signature>);

impl Serialize for Signatures {
    fn to_writer<W: std::io::Write>(&self, writer: &mut W) -> pgp::errors::Result<()> {
        self.0.iter().try_for_each(|signature| signature.to_writer_with_header(writer))
    }

    fn write_len(&self) -> usize {
        self.0.iter().map(Signature::write_len_with_header).sum()
    }
}
