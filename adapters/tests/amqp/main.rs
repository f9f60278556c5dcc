//! What the broker sees of Kontor, on a real one: KONTOR_TEST_AMQP_URL. Every test has an exchange
//! and queues of its own and takes them away; between it and the broker is a line that can be cut.

#![cfg(feature = "servers")]

mod commands;
mod link;
mod office;
mod relay;
