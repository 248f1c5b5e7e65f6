//! What a worker does when sending stops working: pauses with a reason, probes, paces, steps aside.

mod standstill;

use wq::core::store::Queue;
use wq::core::store::connect::ServerAddress;

use crate::support::Server;

/// The queue `whatsapp` of the default prefix, over a connection of its own.
async fn whatsapp(server: &Server) -> Queue {
    let link = ServerAddress::parse(&server.url()).unwrap().connect_once().await.unwrap();
    Queue::open(&link, &"bull".parse().unwrap(), &"whatsapp".parse().unwrap()).unwrap()
}
