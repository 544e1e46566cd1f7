"""Development only: stand-ins for what cannot be here."""
