//! The envelope of a signed statement: DSSE, <https://github.com/secure-systems-lab/dsse/blob/v1.0.2/envelope.md>.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stack::{StackName, StackRef};
use crate::{Sha256Digest, json_reason};

/// The type of what our envelopes hold.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A statement with its signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope {
    /// What the payload is.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// The statement, in base64.
    pub payload: String,
    /// Who signed it; nobody yet when there is none.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvelopeSignature {
    /// The OpenPGP fingerprint of the key.
    pub keyid: String,
    /// An OpenPGP signature of [`signed_bytes`], in base64.
    pub sig: String,
}

/// An envelope that cannot be looked into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It holds something else than a statement.
    #[error("it holds `{}`, and no in-toto statement", .0.escape_debug())]
    Type(String),
    /// A part of it is no base64.
    #[error("its {0} is no base64")]
    Base64(&'static str),
    /// What it holds is no statement with subjects.
    #[error("it holds no statement: {0}")]
    Statement(String),
}

/// An envelope that was taken apart, where many or large ones are looked at: what is signed of its statement, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Who signed it.
    pub signatures: Vec<EnvelopeSignature>,
    /// [`signed_bytes`] of the statement.
    signed: Vec<u8>,
    /// Where in them the statement begins.
    begins: usize,
}

impl Opened {
    /// Takes a stored envelope apart. Only what is signed of it is copied.
    ///
    /// # Errors
    /// When it holds something else, or no base64.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        /// An envelope where it stands.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Lent<'a> {
            #[serde(borrow)]
            payload_type: Cow<'a, str>,
            #[serde(borrow)]
            payload: Cow<'a, str>,
            signatures: Vec<EnvelopeSignature>,
        }
        let Lent { payload_type, payload, signatures } =
            serde_json::from_slice(bytes).map_err(|error| EnvelopeError::Statement(json_reason(&error)))?;
        check_type(&payload_type)?;
        let padding = payload.bytes().rev().take_while(|byte| *byte == b'=').count();
        let length = (payload.len() / 4 * 3).saturating_sub(padding);
        let mut signed = Vec::with_capacity(length + 64);
        signed.extend_from_slice(head(length).as_bytes());
        let begins = signed.len();
        match STANDARD.decode_vec(&*payload, &mut signed) {
            Ok(()) if signed.len() - begins == length => Ok(Self { signatures, signed, begins }),
            _ => Err(EnvelopeError::Base64("payload")),
        }
    }

    /// The statement.
    pub fn statement(&self) -> &[u8] {
        &self.signed[self.begins..]
    }

    /// [`signed_bytes`] of it.
    pub fn signed_bytes(&self) -> &[u8] {
        &self.signed
    }

    /// The bytes of all signatures.
    ///
    /// # Errors
    /// When one is no base64.
    pub fn signature_bytes(&self) -> Result<Vec<u8>, EnvelopeError> {
        Ok(decoded(&self.signatures)?.concat())
    }

    /// The revision of a stack that the statement is about, with the hash that it says this has; none of another kind.
    pub fn revision(&self) -> Option<(StackRef, Sha256Digest)> {
        /// The part of a statement that says so.
        #[derive(Deserialize)]
        struct About {
            predicate: Predicate,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Predicate {
            build_definition: Definition,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Definition {
            build_type: String,
            external_parameters: Parameters,
        }
        #[derive(Deserialize)]
        struct Parameters {
            stack: Option<StackName>,
            revision: Option<u64>,
        }
        let about: About = serde_json::from_slice(self.statement()).ok()?;
        let Definition { build_type, external_parameters } = about.predicate.build_definition;
        let is_stack = build_type == super::STACK_BUILD;
        let stack = external_parameters.stack.filter(|_| is_stack)?.at(external_parameters.revision?);
        // The first subject is the revision; the others are package files.
        Some((stack, *subjects(self.statement()).ok()?.first()?))
    }
}

impl Envelope {
    /// A statement that nobody signed yet.
    pub fn of(statement: &[u8]) -> Self {
        let (payload_type, payload) = (PAYLOAD_TYPE.to_owned(), STANDARD.encode(statement));
        Self { payload_type, payload, signatures: Vec::new() }
    }

    /// With this signature too, in place of one by the same key.
    pub fn sign(&mut self, keyid: String, signature: &[u8]) {
        self.signatures.retain(|it| it.keyid != keyid);
        self.signatures.push(EnvelopeSignature { keyid, sig: STANDARD.encode(signature) });
    }

    /// The statement.
    ///
    /// # Errors
    /// When it holds something else, or no base64.
    pub fn statement(&self) -> Result<Vec<u8>, EnvelopeError> {
        check_type(&self.payload_type)?;
        STANDARD.decode(&self.payload).map_err(|_| EnvelopeError::Base64("payload"))
    }

    /// The bytes of each signature.
    ///
    /// # Errors
    /// When one is no base64.
    pub fn signature_bytes(&self) -> Result<Vec<Vec<u8>>, EnvelopeError> {
        decoded(&self.signatures)
    }

    /// What kind of build the statement is about, as SLSA has it; none when it says no such thing.
    pub fn build_type(&self) -> Option<String> {
        let statement: serde_json::Value = serde_json::from_slice(&self.statement().ok()?).ok()?;
        statement["predicate"]["buildDefinition"]["buildType"].as_str().map(str::to_owned)
    }
}

/// The SHA-256 of each subject of a statement.
///
/// # Errors
/// When it is no statement.
pub fn subjects(statement: &[u8]) -> Result<Vec<Sha256Digest>, EnvelopeError> {
    /// The part of a statement that says what it is about.
    #[derive(Deserialize)]
    struct About {
        subject: Vec<Subject>,
    }
    #[derive(Deserialize)]
    struct Subject {
        digest: Digest,
    }
    #[derive(Deserialize)]
    struct Digest {
        sha256: Sha256Digest,
    }
    let about: About =
        serde_json::from_slice(statement).map_err(|error| EnvelopeError::Statement(json_reason(&error)))?;
    Ok(about.subject.into_iter().map(|subject| subject.digest.sha256).collect())
}

/// What is signed of a statement: DSSE's pre-authentication encoding, which nothing else looks like.
pub fn signed_bytes(statement: &[u8]) -> Vec<u8> {
    [head(statement.len()).as_bytes(), statement].concat()
}

/// What stands before a statement of this many bytes.
fn head(length: usize) -> String {
    format!("DSSEv1 {} {PAYLOAD_TYPE} {length} ", PAYLOAD_TYPE.len())
}

fn check_type(found: &str) -> Result<(), EnvelopeError> {
    if found == PAYLOAD_TYPE { Ok(()) } else { Err(EnvelopeError::Type(found.chars().take(100).collect())) }
}

fn decoded(signatures: &[EnvelopeSignature]) -> Result<Vec<Vec<u8>>, EnvelopeError> {
    let decode = |it: &EnvelopeSignature| STANDARD.decode(&it.sig);
    signatures.iter().map(decode).collect::<Result<_, _>>().map_err(|_| EnvelopeError::Base64("signature"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_encoded_as_the_standard_has_it() {
        // By the protocol's definition: lengths in bytes, single spaces.
        assert_eq!(signed_bytes("é{}".as_bytes()), "DSSEv1 28 application/vnd.in-toto+json 4 é{}".as_bytes());
    }

    #[test]
    fn an_envelope_is_taken_apart_into_what_it_was_made_of() {
        for length in 0..5 {
            let statement = "é".repeat(length).into_bytes();
            let mut envelope = Envelope::of(&statement);
            envelope.sign("A".to_owned(), b"one");
            let bytes = serde_json::to_vec(&envelope).unwrap();
            let opened = Opened::parse(&bytes).unwrap();
            assert_eq!((opened.statement(), &opened.signatures), (&*statement, &envelope.signatures));
            assert_eq!(opened.signed_bytes(), signed_bytes(&statement));
            assert_eq!(opened.signature_bytes(), Ok(b"one".to_vec()));
        }
        for (payload, error) in
            [("?", EnvelopeError::Base64("payload")), ("YQ=", EnvelopeError::Base64("payload"))]
        {
            let envelope = Envelope { payload: payload.to_owned(), ..Envelope::of(b"{}") };
            assert_eq!(Opened::parse(&serde_json::to_vec(&envelope).unwrap()), Err(error));
        }
        let other = Envelope { payload_type: "text/plain".to_owned(), ..Envelope::of(b"{}") };
        assert!(matches!(Opened::parse(&serde_json::to_vec(&other).unwrap()), Err(EnvelopeError::Type(_))));
        assert!(matches!(Opened::parse(b"{}"), Err(EnvelopeError::Statement(_))));
    }

    #[test]
    fn an_envelope_of_something_else_is_refused() {
        let mut envelope = Envelope::of(br#"{"subject": []}"#);
        assert_eq!(subjects(&envelope.statement().unwrap()), Ok(Vec::new()));
        envelope.sign("A".to_owned(), b"one");
        envelope.sign("A".to_owned(), b"two");
        assert_eq!(envelope.signature_bytes(), Ok(vec![b"two".to_vec()]));
        envelope.signatures[0].sig = "?".to_owned();
        assert!(envelope.signature_bytes().is_err());
        assert!(matches!(subjects(b"[]"), Err(EnvelopeError::Statement(_))));
        envelope.payload = "?".to_owned();
        assert_eq!(envelope.statement(), Err(EnvelopeError::Base64("payload")));
        envelope.payload_type = "text/plain".to_owned();
        assert!(envelope.statement().unwrap_err().to_string().contains("`text/plain`"));
    }
}
