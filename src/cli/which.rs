//! `-Q`: this file says which queue a command is about.

use clap::Args;

use super::shell::Shell;
use crate::app::error::AppError;
use crate::core::model::queue::QueueName;
use crate::core::store::Queue;

/// The queue that a command is about.
#[derive(Args, Clone, Debug)]
pub struct Which {
    /// Which queue [default: whatsapp]
    #[arg(short = 'Q', long, global = true, value_name = "NAME")]
    queue: Option<QueueName>,
}

impl Which {
    /// Its name, whether given or the settings'.
    pub fn name<'a>(&'a self, shell: &'a Shell) -> &'a QueueName {
        self.queue.as_ref().unwrap_or(&shell.settings.queue)
    }

    /// The queue itself, over a connection of its own.
    ///
    /// # Errors
    /// As [`Shell::link`].
    pub async fn open(&self, shell: &Shell) -> Result<Queue, AppError> {
        shell.queue(self.queue.as_ref()).await
    }
}
