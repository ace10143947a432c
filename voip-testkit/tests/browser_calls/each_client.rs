//! One flow, tried with each client.

/// Each has its own test: a browser is slow to start.
macro_rules! with_each_client {
    ($($flow:ident: $promise:ident),* $(,)?) => {
        mod newest {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$flow(crate::house::Client::Newest).await;
            })*
        }
        mod older {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$flow(crate::house::Client::Older).await;
            })*
        }
        mod ours {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$flow(crate::house::Client::Ours).await;
            })*
        }
    };
}

/// The same with the vendor's clients alone.
macro_rules! with_each_sdk {
    ($($flow:ident: $promise:ident),* $(,)?) => {
        mod newest {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$flow(crate::house::Client::Newest).await;
            })*
        }
        mod older {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$flow(crate::house::Client::Older).await;
            })*
        }
    };
}
