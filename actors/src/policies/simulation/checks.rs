//! What must be true of the shop once everything has arrived.

use super::*;
use kontor_messages::order::{OrderStatus, StockStanding};

impl Shop {
    pub(super) fn check(&self) {
        for order in &self.placed {
            let known = self.document(order);
            match known.status {
                OrderStatus::Cancelled => self.check_cancelled(order, &known),
                OrderStatus::Pending | OrderStatus::PaidWithoutStock => {
                    panic!("{order} still waits: {known:?}")
                }
                _ => self.check_alive(order, &known),
            }
        }
        self.check_mail();
    }

    /// Its money and its goods are back, and everybody was told.
    fn check_cancelled(&self, order: &EntityId, known: &OrderDocument) {
        let cancellation = known.cancellation.as_ref().unwrap();
        assert_eq!(cancellation.missing, [], "{order}: {known:?}");
        assert_eq!(self.shelf.kept(order), Goods::new(), "{order}");
        for payment in self.till.payments.values().filter(|payment| payment.order == *order) {
            assert!(!payment.open && payment.paid == payment.refunded, "{order}: {payment:?}");
        }
    }

    /// It has the goods that it owes, and the money that it asks for.
    fn check_alive(&self, order: &EntityId, known: &OrderDocument) {
        assert_eq!(known.stock, StockStanding::Committed);
        let mut owed = Goods::new();
        for line in &known.lines {
            let units = line.quantity - line.cancelled - line.returned;
            if units > 0 {
                owed.insert(line.sku.clone(), units);
            }
        }
        assert_eq!(self.shelf.kept(order), owed, "{order}");
        assert!(owed.is_empty() || self.shelf.is_committed(order));
        let kept: i64 = self
            .till
            .payments
            .values()
            .filter(|payment| payment.order == *order)
            .map(|payment| payment.paid - payment.refunded)
            .sum();
        let wanted = if known.paid_by().is_some() { known.total_minor } else { 0 };
        assert_eq!(kept, wanted, "{order}: {known:?}");
    }

    /// One confirmation for each order, one farewell for each cancelled one.
    fn check_mail(&self) {
        for order in &self.placed {
            let count = |template: &str| {
                let text = format!("{template} {order}");
                self.mail.values().filter(|mail| **mail == text).count()
            };
            let cancelled = self.document(order).status == OrderStatus::Cancelled;
            assert_eq!(count("order_confirmation"), 1);
            assert_eq!(count("cancelled"), usize::from(cancelled));
        }
    }
}
