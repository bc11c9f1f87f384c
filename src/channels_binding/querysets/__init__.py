"""What a read asks of the database: filters, pages, orders; and what Django's Query says of a queryset."""
