"""The buyer's case about any order: statement, report, letters, sealing.

Owns: the case folder (case.toml, corrections.toml, before/ during/ after/), the report that
answers it, the sealed case file. Promises: originals are never touched; the same folder and the
same ``as_of`` give the same report and the same bytes; nothing is ever filed by itself.
Verbs: ``load_case_folder``, ``start_case``, ``new_case``, ``add_files``, ``correct_field``,
``report_case``, ``compare_beside``, ``seal_case``, ``guide_for``.
"""
