//! The rules of the sandbox, told over real sockets.

mod binary;
mod gate;
mod intents;
mod mail;
mod money;
mod receiver;
mod sessions;
mod signing;
mod stands;
mod webhooks;
mod world;
