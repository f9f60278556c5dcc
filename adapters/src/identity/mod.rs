//! Who people are: what seals secrets, checks passwords, and makes and verifies tokens.
//!
//! The rules (lock-out, single use, families of sessions) are the user domain's; here is only what
//! needs a secret, a clock or much computing.

mod settings;
pub mod vault;

pub use settings::IdentitySettings;
pub use vault::{Vault, VaultFault};
