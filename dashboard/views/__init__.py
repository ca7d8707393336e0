"""The pages. Each file is one page as Streamlit runs it."""
