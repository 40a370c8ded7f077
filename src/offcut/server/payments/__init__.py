"""Payments: orders, invoices, refunds, and the gateways that move money."""
