"""The PDF of an invoice, made from what the invoice keeps, in the language it was issued in.

Its words have the context "invoice" where a page of the website would say the same differently.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.errors import FPDFUnicodeEncodingException

from offcut.errors import PaymentError
from offcut.server.payments.invoices import spoken
from offcut.server.payments.models import Invoice

_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
)

# What formats of numbers and people's programs write, and many fonts lack: on paper it looks nearly the same.
_PLAIN = str.maketrans(
    {
        "\N{NARROW NO-BREAK SPACE}": "\N{NO-BREAK SPACE}",
        "\N{FIGURE SPACE}": "\N{NO-BREAK SPACE}",
        "\N{THIN SPACE}": " ",
        "\N{HAIR SPACE}": " ",
        "\N{ZERO WIDTH SPACE}": "",
        "\N{HYPHEN}": "-",
        "\N{NON-BREAKING HYPHEN}": "-",
        "\N{MINUS SIGN}": "-",
    }
)


def invoice_pdf(invoice: Invoice) -> bytes:
    """Return the invoice as a PDF of one page or more, in its own language, whoever asks for it.

    Raises PaymentError when a name needs letters that no font on this machine has.
    """
    try:
        with translation.override(spoken(invoice.language)):
            return _printed(invoice)
    except FPDFUnicodeEncodingException:
        raise PaymentError(
            "This invoice has letters that need another font.",
            hint="Set OFFCUT_INVOICE_FONT to a TrueType font file that has them.",
        ) from None


def money(amount: int, currency: str) -> str:
    """Write 1/100 of money for the console and the operator: 900, "USD" becomes "9.00 USD"."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100:,}.{abs(amount) % 100:02d} {currency}"


class _Paper(FPDF):
    """A page whose built-in font writes all letters of Western Europe, "œ", "€" and "’" among them."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        # Latin-1, which is the default, lacks what French and typographers need.
        self.core_fonts_encoding = "cp1252"

    def normalize_text(self, text: str) -> str:
        """Return `text` with each letter as one sign, and typographic spaces and dashes as plain ones."""
        return super().normalize_text(unicodedata.normalize("NFC", text).translate(_PLAIN))


def _printed(invoice: Invoice) -> bytes:
    page = _Paper()
    page.set_lang(spoken(invoice.language))
    page.set_creation_date(invoice.issued_at)
    page.set_title(f"{_title(invoice)} {invoice.number}")
    page.set_margin(20)
    page.add_page()
    family = _family(page)
    _heading(page, family, invoice)
    _parties(page, family, invoice)
    _table(page, family, invoice)
    _foot(page, family, invoice)
    return bytes(page.output())


def _title(invoice: Invoice) -> str:
    return _("Credit note") if invoice.is_credit_note else _("Invoice")


def _family(page: FPDF) -> str:
    chosen = settings.INVOICE_FONT or next((path for path in _FONTS if Path(path).is_file()), "")
    if not chosen:
        return "helvetica"
    page.add_font("invoice", fname=chosen)
    return "invoice"


def _line(page: FPDF, text: str) -> None:
    page.multi_cell(0, 5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _heading(page: FPDF, family: str, invoice: Invoice) -> None:
    page.set_font(family, size=20)
    page.cell(0, 12, _title(invoice), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.set_font(family, size=10)
    _line(page, pgettext("invoice", "Number %(number)s") % {"number": invoice.number})
    _line(page, pgettext("invoice", "Date %(date)s") % {"date": _day(invoice)})
    _line(page, _("Order %(number)s") % {"number": invoice.order_id})
    if invoice.is_credit_note:
        first = Invoice.objects.filter(order_id=invoice.order_id, is_credit_note=False).first()
        number = first.number if first else ""
        _line(page, pgettext("invoice", "Takes back invoice %(number)s") % {"number": number})
    page.ln(8)


def _day(invoice: Invoice) -> str:
    # English invoices were dated so before there were other languages, and an invoice does not change.
    if translation.get_language() == "en":
        return f"{invoice.issued_at:%Y-%m-%d}"
    return date_format(invoice.issued_at, "DATE_FORMAT")


def _parties(page: FPDF, family: str, invoice: Invoice) -> None:
    for heading, party in (
        # Translators: above the seller's name and address.
        (pgettext("invoice", "From"), invoice.seller),
        # Translators: above the buyer's name and address.
        (pgettext("invoice", "To"), invoice.buyer),
    ):
        page.set_font(family, size=8)
        _line(page, heading)
        page.set_font(family, size=10)
        for text in _party(party):
            _line(page, text)
        page.ln(4)


def _party(party: dict[str, Any]) -> list[str]:
    rows = [party["name"], *party["address"].splitlines(), party["country"]]
    if party["tax_number"]:
        rows.append(pgettext("invoice", "Tax number %(number)s") % {"number": party["tax_number"]})
    return [row for row in rows if row]


def _table(page: FPDF, family: str, invoice: Invoice) -> None:
    page.set_font(family, size=10)
    # Translators: above what was bought.
    rows = [(pgettext("invoice", "What"), _("Credits"), _("Price"))]
    rows += [
        (line["title"], line["credits"], _price(line["price"], invoice.currency)) for line in invoice.lines
    ]
    with page.table(
        rows, col_widths=(90, 35, 45), text_align=("LEFT", "RIGHT", "RIGHT"), first_row_as_headings=False
    ):
        pass
    page.ln(4)


def _foot(page: FPDF, family: str, invoice: Invoice) -> None:
    page.set_font(family, size=10)
    rate = f"{number_format(Decimal(invoice.tax_rate) / 100)}\N{NO-BREAK SPACE}%"
    for label, amount in (
        # Translators: the price before tax.
        (pgettext("invoice", "Net"), invoice.net),
        (f"{invoice.seller['tax_name']} {rate}", invoice.tax),
        # Translators: the price with tax.
        (pgettext("invoice", "Total"), invoice.total),
    ):
        page.cell(125, 6, label, align="R")
        page.cell(45, 6, _price(amount, invoice.currency), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(6)
    if invoice.note:
        _line(page, invoice.note)


def _price(amount: int, currency: str) -> str:
    number = number_format(Decimal(amount) / 100, 2, force_grouping=True)
    # A no-break space keeps number and currency in one line.
    return f"{number}\N{NO-BREAK SPACE}{currency}"
