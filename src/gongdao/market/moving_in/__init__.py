"""Moving in: what another shop's own data says, read into plain records. Nothing is written here.

Pure: no Django, no network. Whoever creates listings, stock and orders from the records decides
what becomes of them; a row that cannot be understood is a record too, so nothing is lost unseen.
"""
