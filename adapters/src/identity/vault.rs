//! Seals what must be kept and read again (TOTP secrets, signing keys, accounts' passwords), and
//! derives what need not be kept at all.
//!
//! One secret of the node is behind it. Sealing is ChaCha20-Poly1305 under a key that is derived
//! from it (HKDF-SHA256), with a nonce by chance and the context as associated data: what was
//! sealed as one thing opens as nothing else. Nothing here is ever logged.

use crate::invitation::Derive;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use kontor_actors::chance::{NoChance, secret_bytes};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// The shortest secret, in bytes.
const SECRET_MIN: usize = 32;
/// The file that keeps a secret that nobody has set.
const FILE: &str = "identity.key";
/// What a sealed text begins with: how it was sealed.
const FORM: &str = "v1.";

/// Why something could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultFault {
    /// The secret is too short, or no base64.
    #[error("expected 32 bytes or more in base64")]
    Secret,
    /// The secret's file cannot be read or made.
    #[error("{0}")]
    File(String),
    /// It was sealed under another secret or as another thing, or was changed since.
    #[error("it was not sealed here as this, or has been changed since")]
    Sealed,
    /// The operating system has no chance to give.
    #[error(transparent)]
    Chance(#[from] NoChance),
}

/// Seals, opens and derives with the node's secret. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<Keys>,
}

struct Keys {
    sealing: LessSafeKey,
    deriving: hmac::Key,
}

impl Vault {
    /// A vault on this secret of 32 bytes or more.
    pub fn new(secret: &[u8]) -> Result<Self, VaultFault> {
        if secret.len() < SECRET_MIN {
            return Err(VaultFault::Secret);
        }
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"kontor identity").extract(secret);
        let broken = |_| VaultFault::Secret;
        let purpose: [&[u8]; 1] = [b"seal"];
        let sealing = root.expand(&purpose, &CHACHA20_POLY1305).map_err(broken)?;
        let purpose: [&[u8]; 1] = [b"derive"];
        let deriving = root.expand(&purpose, hmac::HMAC_SHA256).map_err(broken)?;
        let sealing = LessSafeKey::new(UnboundKey::from(sealing));
        Ok(Self { keys: Arc::new(Keys { sealing, deriving: deriving.into() }) })
    }

    /// The vault of a node: on the secret that is set, else on the one in its data folder, which
    /// is made there at the first start.
    pub fn of_node(secret: Option<&SecretString>, data_dir: &Path) -> Result<Self, VaultFault> {
        let secret = match secret {
            Some(secret) => decode(secret)?,
            None => kept(&data_dir.join(FILE))?,
        };
        Self::new(&secret)
    }

    /// Seals a secret as what `context` says, such as `totp/<user>`.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<String, VaultFault> {
        let nonce: [u8; NONCE_LEN] = secret_bytes()?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + 16);
        sealed.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        let (nonce, aad) = (Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()));
        self.keys
            .sealing
            .seal_in_place_append_tag(nonce, aad, &mut body)
            .map_err(|_| VaultFault::Sealed)?;
        sealed.append(&mut body);
        Ok(format!("{FORM}{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Opens what was sealed as the same thing.
    pub fn open(&self, context: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, VaultFault> {
        let text = sealed.strip_prefix(FORM).ok_or(VaultFault::Sealed)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| VaultFault::Sealed)?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN).ok_or(VaultFault::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultFault::Sealed)?;
        let mut body = Zeroizing::new(body.to_vec());
        let aad = Aad::from(context.as_bytes());
        let opened = self.keys.sealing.open_in_place(nonce, aad, &mut body);
        let len = opened.map_err(|_| VaultFault::Sealed)?.len();
        body.truncate(len);
        Ok(body)
    }

    /// Thirty-two bytes that only this secret's holders can know: the same for the same purpose
    /// and id, and nothing that has to be kept.
    pub fn derive(&self, purpose: &str, id: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.keys.deriving);
        // The length keeps purpose and id apart.
        context.update(&(purpose.len() as u64).to_be_bytes());
        context.update(purpose.as_bytes());
        context.update(id.as_bytes());
        let mut derived = [0; 32];
        derived.copy_from_slice(context.sign().as_ref());
        derived
    }
}

impl Derive for Vault {
    fn derive(&self, purpose: &str, id: &str) -> [u8; 32] {
        Self::derive(self, purpose, id)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

/// The bytes of a secret that is set as text.
pub(super) fn decode(secret: &SecretString) -> Result<Zeroizing<Vec<u8>>, VaultFault> {
    let text = secret.expose_secret().trim().trim_end_matches('=');
    let text = Zeroizing::new(text.replace('+', "-").replace('/', "_"));
    let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes()).map_err(|_| VaultFault::Secret)?;
    let bytes = Zeroizing::new(bytes);
    if bytes.len() < SECRET_MIN { Err(VaultFault::Secret) } else { Ok(bytes) }
}

/// The secret in a file, which is made if it is not there.
fn kept(file: &Path) -> Result<Zeroizing<Vec<u8>>, VaultFault> {
    let told = |fault: io::Error| VaultFault::File(format!("{}: {fault}", file.display()));
    match fs::read_to_string(file) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
            make(file)?;
            let text = fs::read_to_string(file).map_err(told)?;
            read(file, text)
        }
        Err(fault) => Err(told(fault)),
        Ok(text) => read(file, text),
    }
}

fn read(file: &Path, text: String) -> Result<Zeroizing<Vec<u8>>, VaultFault> {
    decode(&text.into()).map_err(|fault| VaultFault::File(format!("{}: {fault}", file.display())))
}

/// Makes a secret's file, whole or not at all; one that is there already stays.
fn make(file: &Path) -> Result<(), VaultFault> {
    let told = |fault: io::Error| VaultFault::File(format!("{}: {fault}", file.display()));
    let folder = file.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    fs::create_dir_all(&folder).map_err(told)?;
    let chance: [u8; 48] = secret_bytes()?;
    let (name, secret) = chance.split_at(16);
    let fresh = folder.join(format!("{FILE}.{}", hex::encode(name)));
    let text = Zeroizing::new(STANDARD.encode(secret));
    let made = write(&fresh, &text).and_then(|()| match fs::hard_link(&fresh, file) {
        // Somebody was faster: theirs counts.
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked.and_then(|()| File::open(&folder)?.sync_all()),
    });
    let _ = fs::remove_file(&fresh);
    made.map_err(told)
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(&[byte; 32]).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_as_the_same_thing_under_the_same_secret_only() {
        let sealed = vault(1).seal("totp/jana", b"tide").unwrap();
        assert_eq!(&**vault(1).open("totp/jana", &sealed).unwrap(), b"tide");
        assert_eq!(vault(1).open("totp/petr", &sealed), Err(VaultFault::Sealed));
        assert_eq!(vault(2).open("totp/jana", &sealed), Err(VaultFault::Sealed));
        assert_ne!(vault(1).seal("totp/jana", b"tide").unwrap(), sealed);
    }

    #[test]
    fn what_was_changed_or_is_nothing_of_ours_does_not_open() {
        let sealed = vault(1).seal("a", b"tide").unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(&sealed[3..]).unwrap();
        for place in 0..bytes.len() {
            bytes[place] ^= 1;
            let changed = format!("{FORM}{}", URL_SAFE_NO_PAD.encode(&bytes));
            assert_eq!(vault(1).open("a", &changed), Err(VaultFault::Sealed), "{place}");
            bytes[place] ^= 1;
        }
        for bad in ["", "v1.", "v1.AAAA", "v2.AAAA", "tide", "v1.ž"] {
            assert_eq!(vault(1).open("a", bad), Err(VaultFault::Sealed), "{bad}");
        }
    }

    #[test]
    fn what_is_derived_is_the_same_each_time_and_differs_by_secret_purpose_and_id() {
        let one = vault(1).derive("verify", "ticket");
        assert_eq!(one, vault(1).derive("verify", "ticket"));
        for other in [
            vault(2).derive("verify", "ticket"),
            vault(1).derive("reset", "ticket"),
            vault(1).derive("verify", "tickets"),
            vault(1).derive("verifyt", "icket"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_secret_is_made_once_and_belongs_to_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let first = Vault::of_node(None, folder.path()).unwrap();
        let again = Vault::of_node(None, folder.path()).unwrap();
        assert_eq!(first.derive("a", "b"), again.derive("a", "b"));
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_secret_that_is_set_counts_in_either_base64_and_a_short_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = [0xfb_u8; 33];
        let set = |text: String| Vault::of_node(Some(&text.into()), folder.path());
        let one = set(STANDARD.encode(bytes)).unwrap();
        let other = set(URL_SAFE_NO_PAD.encode(bytes)).unwrap();
        assert_eq!(one.derive("a", "b"), other.derive("a", "b"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(set(STANDARD.encode([1; 31])).err(), Some(VaultFault::Secret));
        assert_eq!(set("no base64!".to_owned()).err(), Some(VaultFault::Secret));
        fs::write(folder.path().join(FILE), "short").unwrap();
        assert!(matches!(Vault::of_node(None, folder.path()), Err(VaultFault::File(_))));
    }

    #[test]
    fn debug_prints_nothing_of_it() {
        assert_eq!(format!("{:?}", vault(1)), "Vault { .. }");
    }
}
